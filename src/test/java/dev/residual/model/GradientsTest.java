package dev.residual.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.model.Architecture.ShortcutKind;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The way back that the layers describe, against libtorch's autograd over the same way forward. */
class GradientsTest {
    @AfterEach
    void oneThread() {
        Engine.start(1);
    }

    /**
     * Where rounding moves a number across 0, ReLU lets a gradient pass or not, and a few such pixels are more than all
     * rounding. So of several random starts the one counts that agrees best.
     */
    @ParameterizedTest
    @CsvSource({
        "A, 16, 1",
        "A, 16, 2",
        "A, 16, 3",
        "B, 16, 2",
        "C, 16, 1",
        "NONE, 16, 2",
        "ARTICLE, 16, 2", //
        "A, 12, 1",
        "A, 12, 2",
        "B, 12, 2",
        "C, 12, 2",
        "NONE, 12, 3",
        "ARTICLE, 12, 2"
    })
    void gradientsAgreeWithAutograd(ShortcutKind shortcut, int width, int threads) {
        Engine.start(threads);
        double best = Double.MAX_VALUE;
        for (int seed = 1; seed <= 8; seed++) {
            Example example = new Example(network(shortcut, width), seed);
            best = Math.min(best, distance(example.gradients(Precision.FP32), example.byAutograd(Precision.FP32)));
        }
        assertThat(best).isLessThan(1e-5);
    }

    /** bfloat16 rounds so much that nothing but float32 can be the measure. */
    @ParameterizedTest
    @CsvSource({"A, 16, 1", "A, 16, 2", "C, 16, 2", "ARTICLE, 16, 2", "A, 12, 2", "C, 12, 2", "ARTICLE, 12, 1"})
    void inBfloat16TheyAreAsNearToFloat32AsAutogradsAre(ShortcutKind shortcut, int width, int threads) {
        Engine.start(threads);
        double ours = 0;
        double autograds = 0;
        for (int seed = 1; seed <= 4; seed++) {
            Example example = new Example(network(shortcut, width), seed);
            Map<String, float[]> truth = example.byAutograd(Precision.FP32);
            ours += distance(example.gradients(Precision.BF16), truth);
            autograds += distance(example.byAutograd(Precision.BF16), truth);
        }
        assertThat(ours).isLessThan(1.2 * autograds);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void runningStatisticsAreLibtorchs(Precision precision) {
        Engine.start(2);
        Example example = new Example(network(ShortcutKind.A, 16), 1);
        Map<String, float[]> ours = example.running(precision, Scope.inference());
        Map<String, float[]> libtorchs = example.running(precision, Scope.open());
        assertThat(ours).hasSize(26);
        assertThat(distance(ours, libtorchs)).isLessThan(precision == Precision.FP32 ? 1e-5 : 1e-2);
    }

    /** JavaCPP counts the native objects that Java owns: those of a block's way there and back are none at its end. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void whatTheWayBackHasDoneWithIsFreed(int threads) {
        Engine.start(threads);
        long[] left = new long[2];
        for (int i = 0; i < 2; i++) {
            ResNet network = ResNet.of(Architecture.of(i == 0 ? "resnet8" : "resnet20"));
            try (Scope scope = Scope.inference();
                    State state = Initialization.he(network, 1, Device.CPU);
                    Gradients gradients = new Gradients(state, () -> 0)) {
                left[i] = Long.MAX_VALUE;
                for (int step = 0; step < 6; step++) { // the first ones make what all use again
                    long before = Pointer.totalCount();
                    Pass pass = Pass.training(state, gradients);
                    network.forward(Example.images(Precision.FP32), pass);
                    network.backward(Example.direction(), pass);
                    left[i] = Math.min(left[i], Pointer.totalCount() - before);
                }
            }
        }
        assertThat(left[1]).isEqualTo(left[0]);
    }

    /** Widths of 16, 32, 64 are trained on blocked maps; of 12, 24, 48 on plain ones. */
    private static ResNet network(ShortcutKind shortcut, int width) {
        List<Integer> widths = List.of(width, 2 * width, 4 * width);
        return ResNet.of(new Architecture(14, widths, shortcut, shortcut == ShortcutKind.ARTICLE, 10));
    }

    /** The same weights, images and direction of the loss, by seed. */
    private record Example(ResNet network, int seed) {
        Map<String, float[]> gradients(Precision precision) {
            try (Scope scope = Scope.noGrad();
                    State state = Initialization.he(network, seed, Device.CPU);
                    Gradients gradients = new Gradients(state)) {
                for (int step = 0; step < 2; step++) { // the memory of the first is used again
                    Pass pass = Pass.training(state, gradients);
                    torch.manual_seed(seed);
                    network.forward(images(precision), pass);
                    network.backward(direction(), pass);
                }
                return trained(p -> gradients.row().views().get(p.name()));
            }
        }

        Map<String, float[]> byAutograd(Precision precision) {
            try (Scope scope = Scope.open();
                    State state = Initialization.he(network, seed, Device.CPU)) {
                state.tensors().forEach((p, tensor) -> tensor.set_requires_grad(p.trained()));
                torch.manual_seed(seed);
                network.forward(images(precision), new Pass(state, Pass.Mode.TRAINING))
                        .mul(direction())
                        .sum()
                        .backward();
                return trained(p -> state.get(p.name()).grad());
            }
        }

        /** After one minibatch. libtorch's autograd decides who computes it, and so the scope does. */
        Map<String, float[]> running(Precision precision, Scope scope) {
            try (scope;
                    State state = Initialization.he(network, seed, Device.CPU)) {
                torch.manual_seed(seed);
                network.forward(images(precision), new Pass(state, Pass.Mode.TRAINING));
                Map<String, float[]> running = new LinkedHashMap<>();
                state.tensors().forEach((p, tensor) -> {
                    if (!p.trained()) {
                        running.put(p.name(), Tensors.floats(tensor));
                    }
                });
                return running;
            }
        }

        private static Tensor images(Precision precision) {
            return Tensors.channelsLast(torch.randn(4, 3, 32, 32)).to(precision.type());
        }

        private static Tensor direction() {
            return torch.randn(4, 10).div_(new Scalar(4));
        }

        /** Without what is 0 but for rounding: biases before BN. */
        private Map<String, float[]> trained(Function<Parameter, Tensor> gradient) {
            Map<String, float[]> gradients = new LinkedHashMap<>();
            for (Parameter p : network.parameters()) {
                boolean beforeBn = p.role() == Parameter.Role.BIAS
                        && !p.name().startsWith("fc")
                        && !p.name().contains("pool");
                if (p.trained() && !beforeBn) {
                    gradients.put(p.name(), Tensors.floats(gradient.apply(p)));
                }
            }
            return gradients;
        }
    }

    /** The largest, over all parameters, of the difference's length as a share of the expected gradient's. */
    private static double distance(Map<String, float[]> actual, Map<String, float[]> expected) {
        double largest = 0;
        for (Map.Entry<String, float[]> e : expected.entrySet()) {
            double difference = 0;
            double length = 0;
            for (int i = 0; i < e.getValue().length; i++) {
                difference += Math.pow(actual.get(e.getKey())[i] - e.getValue()[i], 2);
                length += Math.pow(e.getValue()[i], 2);
            }
            largest = Math.max(largest, Math.sqrt(difference / length));
        }
        return largest;
    }

    /** ReLU may make 0 of a NaN, and the loss be finite; but then a gradient is not. */
    @ParameterizedTest
    @CsvSource({
        "conv1.weight, BF16",
        "layer1.0.conv2.weight, BF16",
        "layer2.0.conv1.weight, BF16",
        "layer3.1.bn1.weight, BF16",
        "conv1.weight, FP32",
        "layer3.1.conv2.weight, FP32"
    })
    void aNanInTheNetworkIsInItsGradientsToo(String broken, Precision precision) {
        Engine.start(2);
        ResNet network = network(ShortcutKind.A, 16);
        try (Scope scope = Scope.noGrad();
                State state = Initialization.he(network, 1, Device.CPU);
                Gradients gradients = new Gradients(state)) {
            Tensor images = torch.randn(8, 3, 32, 32).to(precision.type());
            Tensor direction = torch.randn(8, 10);
            for (boolean nan : new boolean[] {false, true}) {
                if (nan) {
                    state.get(broken).view(-1).narrow(0, 0, 1).fill_(new Scalar(Double.NaN));
                }
                Pass pass = Pass.training(state, gradients);
                network.forward(images, pass);
                network.backward(direction, pass);
                double sum = gradients.row().all().sum().item_double();
                assertThat(Double.isFinite(sum)).isEqualTo(!nan);
            }
        }
    }

    /** Other processes may come and go: a step takes another number of threads then, and gives the same bytes. */
    @ParameterizedTest
    @CsvSource({
        "resnet14, 2, FP32, 16",
        "resnet14, 2, BF16, 100",
        "resnet14, 4, BF16, 128",
        "resnet14, 3, FP32, 128",
        "article32, 2, FP32, 128",
        "article32, 2, BF16, 100",
        "article32, 4, FP32, 16",
        "C, 2, FP32, 100",
        "C, 3, BF16, 64"
    })
    void busyCoresDoNotShowInTheBytes(String architecture, int threads, Precision precision, int batch) {
        Engine.start(threads);
        ResNet network =
                architecture.equals("C") ? network(ShortcutKind.C, 16) : ResNet.of(Architecture.of(architecture));
        Map<String, float[]> quiet = new LinkedHashMap<>();
        torch.manual_seed(1);
        try (Scope scope = Scope.noGrad()) {
            Tensor images = Tensors.channelsLast(torch.randn(batch, 3, 32, 32)).to(precision.type());
            Tensor direction = torch.randn(batch, 10);
            for (int busy = 0; busy <= threads + 1; busy++) {
                int cores = busy;
                try (State state = Initialization.he(network, 5, Device.CPU);
                        Gradients gradients = new Gradients(state, () -> cores)) {
                    Pass pass = Pass.training(state, gradients);
                    Map<String, float[]> now = new LinkedHashMap<>();
                    now.put("logits", Tensors.floats(network.forward(images, pass)));
                    network.backward(direction, pass);
                    for (Parameter p : network.parameters()) {
                        if (p.trained()) {
                            now.put(
                                    p.name(),
                                    Tensors.floats(gradients.row().views().get(p.name())));
                        }
                    }
                    now.forEach(quiet::putIfAbsent);
                    assertThat(now.keySet())
                            .filteredOn(name -> !Arrays.equals(now.get(name), quiet.get(name)))
                            .as("what differs with %d busy cores", cores)
                            .isEmpty();
                }
            }
        }
    }

    /** What a run's bytes rest on. */
    @ParameterizedTest
    @CsvSource({"1, FP32", "2, FP32", "2, BF16", "4, FP32", "5, BF16"})
    void theSameStepGivesTheSameBytes(int threads, Precision precision) {
        Engine.start(threads);
        ResNet network = ResNet.of(Architecture.of("resnet14"));
        float[] first = null;
        try (Scope scope = Scope.noGrad();
                State state = Initialization.he(network, 5, Device.CPU);
                Gradients gradients = new Gradients(state)) {
            torch.manual_seed(1);
            Tensor images = Tensors.channelsLast(torch.randn(32, 3, 32, 32)).to(precision.type());
            Tensor direction = torch.randn(32, 10);
            for (int i = 0; i < 10; i++) {
                Pass pass = Pass.training(state, gradients);
                network.forward(images, pass);
                network.backward(direction, pass);
                float[] now = Tensors.floats(gradients.row().views().get("layer1.0.conv1.weight"));
                first = first == null ? now : first;
                assertThat(now).isEqualTo(first);
            }
        }
    }
}
