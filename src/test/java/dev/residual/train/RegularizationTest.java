package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.residual.data.Mixup;
import dev.residual.graph.Graph;
import dev.residual.nn.Initialization;
import dev.residual.nn.Weights;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Label smoothing, mixup, clipping and averaging against what PyTorch 2.13 gave for the same numbers. */
class RegularizationTest {
    private static final float[] LOGITS = {2, -1, 0.5f, 0.1f, 0.2f, -3};

    @BeforeAll
    static void start() {
        Engine.start(1);
    }

    private static void assertClose(float[] actual, double... expected) {
        assertThat(actual).hasSize(expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).isCloseTo(expected[i], within(2e-7));
        }
    }

    /** CrossEntropyLoss(label_smoothing=0.1) of labels 0 and 2, and its gradient by autograd. */
    @Test
    void labelSmoothing() {
        try (Scope scope = Scope.noGrad()) {
            Tensor targets = CrossEntropy.targets(Tensors.of(new long[] {0, 2}), 3, 0.1);
            CrossEntropy loss = CrossEntropy.of(Tensors.of(LOGITS, 2, 3), targets);
            assertThat(loss.value()).isCloseTo(2.0234408378601074, within(1e-6));
            assertClose(
                    Tensors.floats(loss.gradient()),
                    -0.07386815547943115,
                    0.0028896182775497437,
                    0.07097852975130081,
                    0.21586766839027405,
                    0.2403235286474228,
                    -0.45619118213653564);
        }
    }

    /** The loss of the mixed labels is the mixed loss: 0.7·cross_entropy(y) + 0.3·cross_entropy(y of the partners). */
    @Test
    void mixupOfLabels() {
        try (Scope scope = Scope.noGrad()) {
            Mixup mixup = new Mixup(0.7, new int[] {1, 0});
            Tensor targets = mixup.apply(CrossEntropy.targets(Tensors.of(new long[] {0, 2}), 3, 0));
            CrossEntropy loss = CrossEntropy.of(Tensors.of(LOGITS, 2, 3), targets);
            assertThat(loss.value()).isCloseTo(1.8134407997131348, within(1e-6));
            assertClose(
                    Tensors.floats(loss.gradient()),
                    0.042798519134521484,
                    0.019556285813450813,
                    -0.062354810535907745,
                    0.0825343206524849,
                    0.2569901943206787,
                    -0.339524507522583);
        }
    }

    /** clip_grad_norm_(…, 6.5) of gradients 3, 4, 12, whose norm is 13. */
    @Test
    void clipping() {
        try (Scope scope = Scope.noGrad()) {
            Tensor gradients = Tensors.of(new float[] {3, 4, 12}, 3);
            GradientClipping.clip(gradients, 20);
            assertThat(Tensors.floats(gradients)).containsExactly(3, 4, 12);
            GradientClipping.clip(gradients, 6.5);
            assertClose(Tensors.floats(gradients), 1.4999998807907104, 1.9999998807907104, 5.999999523162842);
        }
    }

    /** AveragedModel with get_ema_multi_avg_fn(0.9) and use_buffers: weights 1, 2, 3, 4 and statistics 0, 2, 4, 6. */
    @Test
    void averaging() {
        double[] ofWeights = {1, 1.100000023841858, 1.290000081062317, 1.561000108718872};
        double[] ofStatistics = {0, 0.20000000298023224, 0.5799999833106995, 1.121999979019165};
        Graph graph = TinyRun.ARCHITECTURE.graph();
        try (Weights weights = Initialization.he(graph, 1, Device.CPU);
                WeightAverage average = new WeightAverage(graph, weights::floats, weights, 0.9)) {
            assertThat(average.average().floats("conv1.weight")).isEqualTo(weights.floats("conv1.weight"));
            for (int i = 0; i < 4; i++) {
                fill(weights, "bn1.weight", i + 1);
                fill(weights, "bn1.running_mean", 2 * i);
                average.update(i);
                assertThat(average.average().floats("bn1.weight")[3]).isCloseTo((float) ofWeights[i], within(1e-6f));
                assertThat(average.average().floats("bn1.running_mean")[3])
                        .isCloseTo((float) ofStatistics[i], within(1e-6f));
            }
            assertThat(weights.floats("bn1.weight")).containsOnly(4);
        }
    }

    private static void fill(Weights weights, String name, float value) {
        float[] values = weights.floats(name);
        java.util.Arrays.fill(values, value);
        Tensors.set(weights.get(name), values);
    }
}
