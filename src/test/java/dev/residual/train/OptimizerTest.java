package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.residual.model.Gradients;
import dev.residual.model.Initialization;
import dev.residual.model.Parameter;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.OptimizerParamGroup;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Our optimizers against libtorch's own, on the same gradients, over a drop of the learning rate. */
class OptimizerTest {
    private static final int STEPS = 12;
    private static final ResNet NETWORK = ResNet.of(TinyRun.ARCHITECTURE);

    @BeforeAll
    static void start() {
        Engine.start(1);
    }

    private static double rate(double first, int step) {
        return step < STEPS / 2 ? first : first / 10;
    }

    /**
     * Updates two copies of a network, one with each optimizer, and compares all weights. Both get the same random
     * gradients, so that rounding in a backward pass, which Adam amplifies, plays no part.
     */
    private static void assertSame(
            Recipe recipe, java.util.function.Function<TensorVector, org.bytedeco.pytorch.Optimizer> theirs) {
        try (Scope scope = Scope.open();
                State ours = Initialization.he(NETWORK, 1, Device.CPU);
                State other = Initialization.he(NETWORK, 1, Device.CPU);
                Gradients gradients = new Gradients(ours);
                Optimizer optimizer = Optimizer.of(recipe, ours)) {
            TensorVector parameters = new TensorVector();
            other.trained()
                    .views()
                    .keySet()
                    .forEach(name -> parameters.push_back(other.get(name).set_requires_grad(true)));
            org.bytedeco.pytorch.Optimizer libtorch = theirs.apply(parameters);
            torch.manual_seed(4);
            for (int step = 0; step < STEPS; step++) {
                gradients.row().views().forEach((name, view) -> {
                    Tensor gradient = torch.randn(view.shape());
                    view.copy_(gradient);
                    other.get(name).mutable_grad().put(gradient);
                });
                double rate = rate(recipe.learningRate(), step);
                optimizer.step(gradients, rate, step);
                OptimizerParamGroup group = libtorch.param_groups().get(0);
                group.options().set_lr(rate);
                libtorch.step();
            }
            for (Parameter p : NETWORK.parameters()) {
                float[] expected = Tensors.floats(other.get(p.name()));
                float[] actual = Tensors.floats(ours.get(p.name()));
                for (int i = 0; i < actual.length; i++) {
                    assertThat(actual[i]).as(p.name()).isCloseTo(expected[i], within(1e-6f));
                }
            }
        }
    }

    @Test
    void sgdIsThatOfPyTorch() {
        Recipe recipe = TinyRun.recipe(Map.of("weightDecay", 0.01));
        SGDOptions options = new SGDOptions(recipe.learningRate());
        options.momentum().put(0.9);
        options.weight_decay().put(0.01);
        assertSame(recipe, parameters -> new SGD(parameters, options));
    }

    @Test
    void adamIsThatOfPyTorch() {
        Recipe recipe = TinyRun.recipe(Map.of("optimizer", "adam", "learningRate", 1e-3, "weightDecay", 0.01));
        AdamOptions options = new AdamOptions(1e-3);
        options.weight_decay().put(0.01);
        assertSame(recipe, parameters -> new Adam(parameters, options));
    }

    @Test
    void decayOfWeightsOnlyLeavesScalesShiftsAndBiases() {
        Recipe recipe = TinyRun.recipe(Map.of("weightDecay", 0.5, "decayed", "weights", "learningRate", 0.1));
        try (State state = Initialization.he(NETWORK, 1, Device.CPU);
                Gradients zeros = new Gradients(state);
                Optimizer optimizer = Optimizer.of(recipe, state)) {
            float[] weights = Tensors.floats(state.get("conv1.weight"));
            optimizer.step(zeros, 0.1, 0);
            float[] decayed = Tensors.floats(state.get("conv1.weight"));
            for (int i = 0; i < weights.length; i++) {
                assertThat(decayed[i]).isCloseTo(weights[i] * 0.95f, within(1e-6f));
            }
            assertThat(Tensors.floats(state.get("bn1.weight"))).containsOnly(1);
        }
    }

    @Test
    void eachHasItsOwnMemory() {
        try (State state = Initialization.he(NETWORK, 1, Device.CPU);
                Optimizer sgd = Optimizer.of(TinyRun.recipe(Map.of()), state);
                Optimizer adam = Optimizer.of(TinyRun.recipe(Map.of("optimizer", "adam")), state)) {
            assertThat(List.copyOf(sgd.memory().keySet())).contains("momentum/conv1.weight");
            assertThat(adam.memory()).hasSize(2 * sgd.memory().size());
        }
    }
}
