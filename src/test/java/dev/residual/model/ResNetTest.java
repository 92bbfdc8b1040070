package dev.residual.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.residual.model.Architecture.ShortcutKind;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Script;
import dev.residual.tensor.Tensors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ResNetTest {
    private static final int N = 3;

    @BeforeAll
    static void start() {
        Engine.start(1);
    }

    /** Forward pass and loss against {@link ReferenceNet}; gradients against its finite differences. */
    @ParameterizedTest
    @EnumSource(ShortcutKind.class)
    void forwardLossAndGradientsAgreeWithAnIndependentComputationInDouble(ShortcutKind shortcut) {
        Architecture a = new Architecture(8, List.of(2, 3, 5), shortcut, shortcut == ShortcutKind.ARTICLE, 4);
        ResNet network = ResNet.of(a);
        Random random = new Random(7);
        Map<String, double[]> numbers = new HashMap<>();
        for (Parameter p : network.parameters()) {
            boolean scale = p.role() == Parameter.Role.SCALE;
            double width = p.role() == Parameter.Role.WEIGHT ? Math.sqrt(2.0 / p.fanIn()) : 0.3;
            // float numbers, so that both sides start from the same
            numbers.put(
                    p.name(),
                    random.doubles(p.count(), -width, width)
                            .map(v -> (float) (scale ? 1 + v : v))
                            .toArray());
        }
        double[][][][] images = new double[N][3][32][32];
        float[] flat = new float[N * 3 * 32 * 32];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = (float) random.nextGaussian();
            images[i / 3072][i / 1024 % 3][i / 32 % 32][i % 32] = flat[i];
        }
        int[] labels = {2, 0, 3};
        ReferenceNet reference = new ReferenceNet(a, numbers);

        try (Scope scope = Scope.open();
                State state = new State(network.parameters(), p -> floats(numbers.get(p.name())), Device.CPU);
                Gradients gradients = new Gradients(state)) {
            Pass pass = Pass.training(state, gradients);
            Tensor logits = network.forward(Tensors.channelsLast(Tensors.of(flat, N, 3, 32, 32)), pass);
            Tensor labelled = Tensors.of(new long[] {2, 0, 3});
            double loss = torch.cross_entropy_loss(logits, labelled).item_float();
            Tensor wrong = logits.softmax(1).sub_(torch.one_hot(labelled, 4)).div_(new Scalar(N));
            network.backward(wrong, pass);

            double[][] expected = reference.logits(images);
            float[] actual = Tensors.floats(logits);
            for (int i = 0; i < actual.length; i++) {
                assertThat((double) actual[i]).isCloseTo(expected[i / 4][i % 4], within(2e-4));
            }
            assertThat(loss).isCloseTo(reference.loss(images, labels), within(1e-4));

            for (Parameter p : network.parameters()) {
                if (p.trained()) {
                    float[] gradient = Tensors.floats(gradients.row().views().get(p.name()));
                    int i = random.nextInt(gradient.length);
                    double difference = finiteDifference(reference, numbers.get(p.name()), i, images, labels);
                    assertThat((double) gradient[i])
                            .as(p.name() + "[" + i + "]")
                            .isCloseTo(difference, within(2e-4 + 2e-3 * Math.abs(difference)));
                }
            }
        }
    }

    private static double finiteDifference(
            ReferenceNet net, double[] numbers, int i, double[][][][] images, int[] labels) {
        double h = 1e-6; // small enough that hardly any ReLU changes sides
        double value = numbers[i];
        numbers[i] = value + h;
        double above = net.loss(images, labels);
        numbers[i] = value - h;
        double below = net.loss(images, labels);
        numbers[i] = value;
        return (above - below) / (2 * h);
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    @ParameterizedTest
    @EnumSource(ShortcutKind.class)
    void aFoldedNetworkSaysTheSame(ShortcutKind shortcut) {
        ResNet network = ResNet.of(new Architecture(14, List.of(4, 6, 8), shortcut, shortcut == ShortcutKind.C, 5));
        Random random = new Random(2);
        try (Scope scope = Scope.noGrad();
                State state = new State(network.parameters(), p -> numbers(p, random), Device.CPU);
                State folded = FoldedState.of(network, state)) {
            for (int count : new int[] {4, 1, 7}) {
                Tensor images = Tensors.channelsLast(torch.randn(count, 3, 32, 32));
                float[] expected = Tensors.floats(network.forward(images, new Pass(state, Pass.Mode.EVALUATION)));
                Pass pass = new Pass(folded, Pass.Mode.FOLDED);
                assertClose(Tensors.floats(network.forward(images, pass)), expected, 1e-4f);
                assertClose(Tensors.floats(network.layerByLayer(images, pass)), expected, 1e-4f);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ShortcutKind.class)
    void aScriptInBfloat16SaysTheSame(ShortcutKind shortcut) {
        ResNet network = ResNet.of(new Architecture(14, List.of(16, 32, 64), shortcut, true, 5));
        Random random = new Random(2);
        try (Scope scope = Scope.noGrad();
                State state = new State(network.parameters(), p -> numbers(p, random), Device.CPU);
                State folded = FoldedState.of(network, state)) {
            for (int count : new int[] {3, 1}) {
                Tensor images = Tensors.channelsLast(torch.randn(count, 3, 32, 32));
                Tensor rounded = images.to(Precision.BF16.type());
                Assumptions.assumeTrue(Script.kind(rounded).isPresent(), "this machine has no scripts in bfloat16");
                Pass pass = new Pass(folded, Pass.Mode.FOLDED);
                float[] expected = Tensors.floats(network.layerByLayer(images, pass));
                assertClose(Tensors.floats(network.forward(rounded, pass)), expected, 0.1f);
            }
        }
    }

    private static void assertClose(float[] actual, float[] expected, float tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], within(tolerance * (1 + Math.abs(expected[i]))));
        }
    }

    /** Of a trained network's size: weights by fan-in, the rest around 0 or, what must be positive, around 1. */
    private static float[] numbers(Parameter p, Random random) {
        float[] numbers = new float[Math.toIntExact(p.count())];
        for (int i = 0; i < numbers.length; i++) {
            double n = random.nextGaussian();
            numbers[i] = (float)
                    switch (p.role()) {
                        case WEIGHT -> n / Math.sqrt(p.fanIn());
                        case SCALE, RUNNING_VARIANCE -> Math.exp(0.3 * n);
                        case BIAS, SHIFT, RUNNING_MEAN -> 0.3 * n;
                    };
        }
        return numbers;
    }

    /** A 1-channel 4×4 map becomes a 4-channel 2×2 one: every second pixel, zeros before and behind. */
    @Test
    void shortcutASubsamplesAndPadsWithZeros() {
        try (Scope scope = Scope.noGrad()) {
            float[] map = new float[16];
            for (int i = 0; i < 16; i++) {
                map[i] = i + 1;
            }
            Tensor f = Tensors.channelsLast(Tensors.of(new float[16], 1, 4, 2, 2));
            Tensor x = Tensors.channelsLast(Tensors.of(map, 1, 1, 4, 4));
            Tensor y = new Shortcut.Subsample("x", 1, 4).addTo(f, x, null);
            assertThat(Tensors.floats(y)).containsExactly(0, 0, 0, 0, 1, 3, 9, 11, 0, 0, 0, 0, 0, 0, 0, 0);
        }
    }

    @Test
    void anIdentityShortcutAddsTheInputItself() {
        try (Scope scope = Scope.noGrad()) {
            Tensor f = Tensors.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2);
            Tensor x = Tensors.of(new float[] {10, 20, 30, 40}, 1, 1, 2, 2);
            assertThat(Tensors.floats(new Shortcut.Identity().addTo(f, x, null)))
                    .containsExactly(11, 22, 33, 44);
            assertThat(Tensors.floats(x)).containsExactly(10, 20, 30, 40);
        }
    }

    @Test
    void heInitialisationHasTheVarianceOfEquation10AndIsAPureFunctionOfItsSeed() {
        ResNet network = ResNet.of(Architecture.of("resnet20"));
        try (State one = Initialization.he(network, 1, Device.CPU);
                State same = Initialization.he(network, 1, Device.CPU);
                State other = Initialization.he(network, 2, Device.CPU)) {
            float[] weights = Tensors.floats(one.get("layer3.1.conv1.weight"));
            double squares = 0;
            for (float w : weights) {
                squares += w * w;
            }
            assertThat(squares / weights.length).isCloseTo(2.0 / (64 * 9), within(0.03 * 2.0 / (64 * 9)));
            assertThat(Tensors.floats(same.get("layer3.1.conv1.weight"))).isEqualTo(weights);
            assertThat(Tensors.floats(other.get("layer3.1.conv1.weight"))).isNotEqualTo(weights);
            assertThat(Tensors.floats(one.get("bn1.weight"))).containsOnly(1);
            assertThat(Tensors.floats(one.get("fc.bias"))).containsOnly(0);
        }
    }

    /** What the modes of BN do to its running statistics, and to the result. */
    @Test
    void onlyTrainingMovesTheRunningStatistics() {
        ResNet network = ResNet.of(Architecture.of("resnet8"));
        try (Scope scope = Scope.noGrad();
                State state = Initialization.he(network, 1, Device.CPU)) {
            Tensor images = torch.randn(8, 3, 32, 32);
            float[] before = Tensors.floats(state.get("bn1.running_mean"));
            float[] byBatch = Tensors.floats(network.forward(images, new Pass(state, Pass.Mode.BATCH_STATISTICS)));
            float[] byRunning = Tensors.floats(network.forward(images, new Pass(state, Pass.Mode.EVALUATION)));
            assertThat(Tensors.floats(state.get("bn1.running_mean"))).isEqualTo(before);
            assertThat(byRunning).isNotEqualTo(byBatch);
            float[] training = Tensors.floats(network.forward(images, new Pass(state, Pass.Mode.TRAINING)));
            assertThat(Tensors.floats(state.get("bn1.running_mean"))).isNotEqualTo(before);
            assertThat(training).isEqualTo(byBatch);
        }
    }
}
