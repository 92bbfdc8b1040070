package dev.residual.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against the convolution, the sum and the ReLU one after the other, in float32 and double. */
class FusedConvolutionTest {
    private record Layer(int in, int out, int kernel, int stride, int padding, int size) {}

    /** With pairs of pixels and without, for every reason that there is. */
    private static final List<Layer> LAYERS = List.of(
            new Layer(3, 16, 3, 1, 1, 32),
            new Layer(16, 16, 3, 1, 1, 8),
            new Layer(16, 16, 3, 1, 1, 7), // an odd number of columns
            new Layer(16, 32, 3, 2, 1, 8),
            new Layer(8, 16, 3, 2, 1, 8),
            new Layer(32, 32, 3, 1, 1, 6),
            new Layer(5, 7, 3, 1, 1, 4), // packed, these two gave wrong results
            new Layer(24, 16, 3, 1, 1, 4),
            new Layer(16, 8, 1, 1, 0, 4),
            new Layer(6, 10, 5, 1, 0, 9)); // five columns of nine

    @BeforeEach
    void start() {
        Engine.start(2);
        torch.manual_seed(5);
    }

    @ParameterizedTest
    @CsvSource({"FP32, 1", "FP32, 3", "BF16, 1", "BF16, 3"})
    void isTheConvolutionAndWhatFollows(Precision precision, int images) {
        for (Layer layer : LAYERS) {
            try (Scope scope = Scope.noGrad()) {
                Tensor x = random(precision, images, layer.in, layer.size);
                Assumptions.assumeTrue(Script.kind(x).isPresent(), "this build has no scripts");
                Tensor weights = torch.randn(layer.out, layer.in, layer.kernel, layer.kernel);
                Tensor biases = torch.randn(layer.out);
                Tensor conv = convolution(layer, x, weights.to(precision.type()), biases.to(precision.type()));
                Tensor otherWeights = torch.randn(layer.out, layer.in, layer.kernel, layer.kernel);
                try (Script relu = relu(layer, x, weights, biases);
                        Script other = relu(layer, x, otherWeights, biases);
                        Script addRelu = addRelu(layer, x, weights, otherWeights, biases)) {
                    assertClose(relu.play(x), conv.relu(), precision, layer);
                    Tensor sum = conv.add(doubled(other.play(x)));
                    assertClose(addRelu.play(x), sum.relu(), precision, layer);
                }
            }
        }
    }

    @Test
    void oneMadeForABatchTakesOthers() {
        Layer layer = LAYERS.get(1);
        try (Scope scope = Scope.noGrad()) {
            Tensor weights = torch.randn(layer.out, layer.in, layer.kernel, layer.kernel);
            Tensor biases = torch.randn(layer.out);
            Tensor two = random(Precision.FP32, 2, layer.in, layer.size);
            Tensor many = random(Precision.FP32, 9, layer.in, layer.size);
            Assumptions.assumeTrue(Script.kind(two).isPresent(), "this build has no scripts");
            assertThat(Script.kind(many)).isEqualTo(Script.kind(two));
            try (Script script = relu(layer, two, weights, biases)) {
                assertClose(
                        script.play(many),
                        convolution(layer, many, weights, biases).relu(),
                        Precision.FP32,
                        layer);
                Tensor larger = random(Precision.FP32, 2, layer.in, layer.size + 2);
                assertThat(Script.kind(larger)).isNotEqualTo(Script.kind(two));
                assertThatThrownBy(() -> script.play(larger))
                        .hasMessage("images of [2, 16, 10, 10] for a script of [2, 16, 8, 8]");
            }
        }
    }

    private static Script relu(Layer layer, Tensor x, Tensor weights, Tensor biases) {
        return Script.of(x, (maps, writer) -> writer.convRelu(maps, weights, biases, layer.stride, layer.padding));
    }

    /** Adds what {@link #relu} gives with the other weights. */
    private static Script addRelu(Layer layer, Tensor x, Tensor weights, Tensor otherWeights, Tensor biases) {
        return Script.of(x, (maps, writer) -> {
            ScriptWriter.Result other = writer.convRelu(maps, otherWeights, biases, layer.stride, layer.padding);
            return writer.convAddRelu(maps, other, weights, biases, layer.stride, layer.padding);
        });
    }

    private static Tensor random(Precision precision, int images, int channels, int size) {
        return Tensors.channelsLast(torch.randn(images, channels, size, size)).to(precision.type());
    }

    private static Tensor doubled(Tensor tensor) {
        return tensor.to(torch.ScalarType.Double);
    }

    private static Tensor convolution(Layer layer, Tensor x, Tensor weights, Tensor biases) {
        return torch.conv2d(
                doubled(x),
                doubled(weights),
                new TensorOptional(doubled(biases)),
                new long[] {layer.stride, layer.stride},
                new long[] {layer.padding, layer.padding},
                new long[] {1, 1},
                1);
    }

    private static void assertClose(Tensor actual, Tensor expected, Precision precision, Layer layer) {
        assertThat(actual.shape()).as("%s", layer).isEqualTo(expected.shape());
        assertThat(actual.is_contiguous(MemoryFormat.ChannelsLast))
                .as("%s", layer)
                .isTrue();
        double tolerance = precision == Precision.FP32 ? 1e-5 : 1.0 / 128; // bfloat16 has 8 bits
        assertThat(torch.allclose(doubled(actual), expected, tolerance, 10 * tolerance, false))
                .as("%s, %s", layer, precision)
                .isTrue();
    }
}
