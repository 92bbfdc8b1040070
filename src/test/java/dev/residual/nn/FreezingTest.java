package dev.residual.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.residual.ResidualException;
import dev.residual.backend.Backend;
import dev.residual.backend.Backends;
import dev.residual.graph.Graph;
import dev.residual.tensor.Device;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is frozen stays, and the rest is trained as if it stood on a network that is used. */
class FreezingTest {
    private static final int IMAGES = 4;
    private static final Graph GRAPH = Architecture.of("resnet8").graph();
    private static final Map<String, float[]> BEFORE = new LinkedHashMap<>();

    static {
        RandomWeights random = new RandomWeights(3);
        GRAPH.parameters().forEach(p -> BEFORE.put(p.name(), random.of(p)));
    }

    /** What a minibatch leaves. */
    private record Step(float[] logits, Map<String, float[]> gradients, Map<String, float[]> weights) {}

    private static Tensor images() {
        torch.manual_seed(5);
        return torch.randn(IMAGES, 3, 32, 32);
    }

    private static Tensor direction() {
        torch.manual_seed(6);
        return torch.randn(IMAGES, 10);
    }

    private static Step step(String backendName, int stages) {
        Backends.assumeHere(backendName, Precision.FP32);
        Graph graph = Freezing.of(GRAPH, stages);
        try (Scope scope = Scope.inference();
                Weights weights = new Weights(graph, p -> BEFORE.get(p.name()), Device.CPU);
                Backend backend = Backend.of(backendName, Device.CPU, Precision.FP32);
                TrainingNetwork network = new TrainingNetwork(graph, weights, backend)) {
            float[] logits = Tensors.floats(network.forward(images()));
            network.backward(direction());
            Map<String, float[]> gradients = new LinkedHashMap<>();
            network.gradients().views().forEach((name, g) -> gradients.put(name, Tensors.floats(g)));
            Map<String, float[]> after = new LinkedHashMap<>();
            weights.tensors().forEach((p, t) -> after.put(p.name(), Tensors.floats(t)));
            return new Step(logits, gradients, after);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"onednn", "libtorch"})
    void aNetworkThatIsFrozenButForItsLastLayerIsThatOfInference(String backendName) {
        Step step = step(backendName, 3);
        assertThat(step.gradients.keySet()).containsExactly("fc.weight", "fc.bias");
        BEFORE.forEach((name, values) -> assertThat(Arrays.equals(step.weights.get(name), values))
                .as(name)
                .isTrue());
        Backend backend = Backend.of(backendName, Device.CPU, Precision.FP32);
        try (InferenceNetwork network = new InferenceNetwork(GRAPH.withoutOutput(), BEFORE::get, backend)) {
            float[] features = network.logits(IMAGES, (from, to) -> images().narrow(0, from, to - from));
            float[] direction = Tensors.floats(direction());
            for (int o = 0; o < 10; o++) {
                for (int c = 0; c < 64; c++) {
                    float expected = 0;
                    for (int i = 0; i < IMAGES; i++) {
                        expected += direction[i * 10 + o] * features[i * 64 + c];
                    }
                    assertThat(step.gradients.get("fc.weight")[o * 64 + c])
                            .isCloseTo(expected, within(1e-4f * (1 + Math.abs(expected))));
                }
            }
        }
    }

    @Test
    void theStagesBehindAreTrainedAndBothBackendsAgree() {
        Step one = step("onednn", 1);
        Step other = step("libtorch", 1);
        assertThat(one.gradients.keySet())
                .isEqualTo(other.gradients.keySet())
                .allMatch(n -> n.matches("(layer[23]|fc)\\..*"));
        one.gradients.forEach((name, gradient) -> assertClose(name, gradient, other.gradients.get(name)));
        one.weights.forEach((name, values) -> {
            boolean moved = name.matches("layer[23].*running.*");
            assertThat(Arrays.equals(values, BEFORE.get(name))).as(name).isEqualTo(!moved);
        });
        assertThat(step("onednn", 0).logits).isNotEqualTo(one.logits);
    }

    private static void assertClose(String name, float[] one, float[] other) {
        double difference = 0;
        double length = 0;
        for (int i = 0; i < one.length; i++) {
            difference += Math.pow(one[i] - other[i], 2);
            length += Math.pow(other[i], 2);
        }
        assertThat(Math.sqrt(difference / length)).as(name).isLessThan(1e-3);
    }

    @Test
    void aStageThatIsNotThereCannotBeFrozen() {
        assertThatThrownBy(() -> Freezing.of(GRAPH, 4))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("freeze 4");
        assertThatThrownBy(() -> Freezing.of(GRAPH, -1)).hasMessageContaining("freeze -1");
    }
}
