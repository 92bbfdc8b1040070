package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.residual.graph.Graph;
import dev.residual.graph.Parameter;
import dev.residual.nn.FlatParameters;
import dev.residual.nn.Initialization;
import dev.residual.nn.Weights;
import dev.residual.recipe.Optimizer;
import dev.residual.recipe.Optimizer.Decay;
import dev.residual.recipe.Optimizer.Sgd;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import java.util.function.Function;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.OptimizerParamGroup;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Our optimizers against libtorch's own, on the same gradients, over a drop of the learning rate. */
class OptimizerStateTest {
    private static final int STEPS = 12;
    private static final Decay DECAY = new Decay(0.01, Decay.On.ALL);
    private static final Graph GRAPH = TinyRun.ARCHITECTURE.graph();

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
            Optimizer optimizer, double first, Function<TensorVector, org.bytedeco.pytorch.Optimizer> theirs) {
        try (Scope scope = Scope.open();
                Weights ours = Initialization.he(GRAPH, 1, Device.CPU);
                Weights other = Initialization.he(GRAPH, 1, Device.CPU);
                FlatParameters gradients = ours.zeros();
                OptimizerState state = OptimizerState.of(optimizer, ours)) {
            TensorVector parameters = new TensorVector();
            other.trained()
                    .views()
                    .keySet()
                    .forEach(name -> parameters.push_back(other.get(name).set_requires_grad(true)));
            org.bytedeco.pytorch.Optimizer libtorch = theirs.apply(parameters);
            torch.manual_seed(4);
            for (int step = 0; step < STEPS; step++) {
                gradients.views().forEach((name, view) -> {
                    Tensor gradient = torch.randn(view.shape());
                    view.copy_(gradient);
                    other.get(name).mutable_grad().put(gradient);
                });
                double rate = rate(first, step);
                state.step(gradients, rate, step);
                OptimizerParamGroup group = libtorch.param_groups().get(0);
                group.options().set_lr(rate);
                libtorch.step();
            }
            for (Parameter p : GRAPH.parameters()) {
                float[] expected = other.floats(p.name());
                float[] actual = ours.floats(p.name());
                for (int i = 0; i < actual.length; i++) {
                    assertThat(actual[i]).as(p.name()).isCloseTo(expected[i], within(1e-6f));
                }
            }
        }
    }

    @Test
    void sgdIsThatOfPyTorch() {
        SGDOptions options = new SGDOptions(0.05);
        options.momentum().put(0.9);
        options.weight_decay().put(0.01);
        assertSame(new Sgd(0.9, false, DECAY), 0.05, parameters -> new SGD(parameters, options));
    }

    @Test
    void nesterovIsThatOfPyTorch() {
        SGDOptions options = new SGDOptions(0.05);
        options.momentum().put(0.9);
        options.nesterov().put(true);
        options.weight_decay().put(0.01);
        assertSame(new Sgd(0.9, true, DECAY), 0.05, parameters -> new SGD(parameters, options));
    }

    @Test
    void adamwIsThatOfPyTorch() {
        AdamWOptions options = new AdamWOptions(1e-3);
        options.weight_decay().put(0.01);
        assertSame(new Optimizer.AdamW(DECAY), 1e-3, parameters -> new AdamW(parameters, options));
    }

    @Test
    void adamIsThatOfPyTorch() {
        AdamOptions options = new AdamOptions(1e-3);
        options.weight_decay().put(0.01);
        assertSame(new Optimizer.Adam(DECAY), 1e-3, parameters -> new org.bytedeco.pytorch.Adam(parameters, options));
    }

    @Test
    void decayOfWeightsOnlyLeavesScalesShiftsAndBiases() {
        try (Weights weights = Initialization.he(GRAPH, 1, Device.CPU);
                FlatParameters zeros = weights.zeros();
                OptimizerState state =
                        OptimizerState.of(new Sgd(0.9, false, new Decay(0.5, Decay.On.WEIGHTS)), weights)) {
            float[] before = weights.floats("conv1.weight");
            state.step(zeros, 0.1, 0);
            float[] decayed = weights.floats("conv1.weight");
            for (int i = 0; i < before.length; i++) {
                assertThat(decayed[i]).isCloseTo(before[i] * 0.95f, within(1e-6f));
            }
            assertThat(weights.floats("bn1.weight")).containsOnly(1);
        }
    }

    @Test
    void eachKeepsItsOwn() {
        try (Weights weights = Initialization.he(GRAPH, 1, Device.CPU);
                OptimizerState sgd = OptimizerState.of(new Sgd(0.9, false, DECAY), weights);
                OptimizerState adam = OptimizerState.of(new Optimizer.Adam(DECAY), weights)) {
            assertThat(sgd.tensors()).containsKey("momentum/conv1.weight");
            assertThat(adam.tensors()).hasSize(2 * sgd.tensors().size());
            assertThat(adam.tensors().keySet()).isEqualTo(OptimizerState.names(new Optimizer.Adam(DECAY), GRAPH));
        }
    }
}
