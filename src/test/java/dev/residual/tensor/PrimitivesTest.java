package dev.residual.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** oneDNN by itself against libtorch, in float32; in bfloat16 as near to that as a bfloat16 can be. */
class PrimitivesTest {
    private static final double EPSILON = 1e-5;

    @AfterEach
    void oneThread() {
        Engine.start(1);
    }

    private static int block(Precision precision) {
        OptionalInt block = OneDnn.block(precision.type());
        boolean mustBeThere =
                precision == Precision.FP32 && System.getProperty("os.arch").equals("amd64");
        Assumptions.assumeTrue(
                mustBeThere || block.isPresent(), "oneDNN has no kernels for " + precision + " on this processor");
        return block.getAsInt();
    }

    /** Numbers that a bfloat16 can hold. */
    private static Tensor random(long... shape) {
        return Tensors.channelsLast(torch.randn(shape).to(ScalarType.BFloat16).to(ScalarType.Float));
    }

    private static Tensor blocked(Tensor plain, Precision precision) {
        Tensor typed = plain.to(precision.type());
        return MapsTest.blocked(typed, plain.size(1) == 3 ? 1 : block(precision));
    }

    private static void assertNear(Tensor actual, Tensor expected, Precision precision) {
        double largest = expected.abs().max().item_double();
        double difference =
                actual.to(ScalarType.Float).sub(expected).abs().max().item_double();
        assertThat(difference).isLessThan(largest * (precision == Precision.FP32 ? 2e-5 : 8e-3));
    }

    /** Each row in each precision, so that one that this processor lacks skips no test of the other. */
    private static Stream<Arguments> inEachPrecision(Object[]... rows) {
        return Stream.of(rows)
                .flatMap(row -> Stream.of(Precision.values())
                        .map(precision -> Arguments.of(Stream.concat(Stream.of(precision), Stream.of(row))
                                .toArray())));
    }

    private static Object[] row(Object... values) {
        return values;
    }

    static Stream<Arguments> convolutions() {
        return inEachPrecision(
                // in, out, size, kernel, stride, padding, bias, threads
                row(3, 16, 32, 3, 1, 1, false, 2),
                row(3, 32, 9, 3, 1, 1, true, 1),
                row(16, 16, 32, 3, 1, 1, false, 1),
                row(16, 32, 32, 3, 2, 1, false, 2),
                row(32, 64, 15, 3, 2, 1, true, 3),
                row(64, 64, 8, 3, 1, 1, false, 2),
                row(16, 32, 16, 1, 1, 0, false, 2),
                row(16, 32, 16, 2, 2, 0, true, 2),
                row(96, 48, 7, 3, 1, 1, true, 2));
    }

    @ParameterizedTest
    @MethodSource("convolutions")
    void convolvesAndFindsItsGradients(
            Precision precision,
            int in,
            int out,
            int size,
            int kernel,
            int stride,
            int padding,
            boolean bias,
            int threads) {
        Engine.start(threads);
        torch.manual_seed(5);
        long[] strides = {stride, stride};
        long[] paddings = {padding, padding};
        long[] dilation = {1, 1};
        block(precision);
        try (Scope scope = Scope.inference()) {
            Tensor x = random(5, in, size, size);
            Tensor filters = random(out, in, kernel, kernel);
            Tensor biases = random(1, out, 1, 1).flatten();
            TensorOptional optional = bias ? new TensorOptional(biases) : new TensorOptional();
            Tensor y = torch.conv2d(x, filters, optional, strides, paddings, dilation, 1);
            Tensor gradient = random(y.shape());
            BoolPointer all = new BoolPointer(3).put(0, true).put(1, true).put(2, true);
            T_TensorTensorTensor_T expected = torch.convolution_backward(
                    gradient,
                    x,
                    filters,
                    new LongArrayRefOptional(out),
                    strides,
                    paddings,
                    dilation,
                    false,
                    new long[] {0, 0},
                    1,
                    all);

            Tensor maps = blocked(x, precision);
            ConvolutionPrimitives conv = ConvolutionPrimitives.of(maps, out, kernel, stride, padding, bias);
            Tensor actual = torch.empty(conv.outputShape()).to(precision.type());
            conv.forward(maps, filters.contiguous(), bias ? Optional.of(biases) : Optional.empty(), actual);
            assertNear(Maps.plainOf(actual), y, precision);

            Tensor back = blocked(gradient, precision);
            if (in != 3) {
                Tensor ofX = torch.empty_like(maps);
                conv.backward(back, filters.contiguous(), ofX);
                assertNear(Maps.plainOf(ofX), expected.get0(), precision);
            }
            Tensor ofFilters = torch.empty(filters.shape());
            Tensor ofBias = torch.empty(out);
            conv.backwardToNumbers(back, maps, ofFilters, bias ? Optional.of(ofBias) : Optional.empty());
            assertNear(ofFilters, expected.get1(), precision);
            if (bias) {
                assertNear(ofBias, expected.get2(), precision);
            }
        }
    }

    static Stream<Arguments> batchNorms() {
        return inEachPrecision(
                // channels, size, ReLU, threads
                row(16, 32, false, 1),
                row(16, 32, true, 2),
                row(32, 9, true, 2),
                row(64, 8, false, 2),
                row(48, 5, true, 3));
    }

    @ParameterizedTest
    @MethodSource("batchNorms")
    void normalisesAndFindsItsGradients(Precision precision, int channels, int size, boolean relu, int threads) {
        Engine.start(threads);
        torch.manual_seed(6);
        block(precision);
        try (Scope scope = Scope.inference()) {
            Tensor x = random(6, channels, size, size);
            Tensor scale = torch.rand(channels).add_(new Scalar(0.5));
            Tensor shift = torch.randn(channels);
            TensorOptional scales = new TensorOptional(scale);
            TensorOptional none = new TensorOptional();
            T_TensorTensorTensor_T there =
                    torch.native_batch_norm(x, scales, new TensorOptional(shift), none, none, true, 0.1, EPSILON);
            Tensor y = relu ? there.get0().relu() : there.get0();
            // Where rounding decides whether a number is positive, there is nothing to compare.
            Tensor gradient =
                    random(x.shape()).mul_(y.abs().gt(new Scalar(0.02)).to(ScalarType.Float));
            Tensor masked = relu ? torch.threshold_backward(gradient, y, new Scalar(0)) : gradient;
            T_TensorTensorTensor_T expected = torch.native_batch_norm_backward(
                    masked,
                    x,
                    scales,
                    none,
                    none,
                    new TensorOptional(there.get1()),
                    new TensorOptional(there.get2()),
                    true,
                    EPSILON,
                    new BoolPointer(3).put(0, true).put(1, true).put(2, true));

            Tensor maps = blocked(x, precision);
            BatchNormPrimitives bn = BatchNormPrimitives.of(maps, relu, EPSILON);
            Tensor actual = torch.empty_like(maps);
            BatchNormPrimitives.Statistics statistics = bn.forward(maps, scale, shift, actual);
            assertNear(Maps.plainOf(actual), y, precision);
            assertNear(statistics.mean(), x.mean(0, 2, 3), Precision.FP32);
            Tensor squares = x.sub(x.mean(0, 2, 3).view(1, channels, 1, 1)).square();
            assertNear(statistics.variance(), squares.mean(0, 2, 3), Precision.FP32);

            Tensor ofX = torch.empty_like(maps);
            Tensor ofScale = torch.empty(channels);
            Tensor ofShift = torch.empty(channels);
            bn.backward(blocked(gradient, precision), maps, scale, statistics, ofX, ofScale, ofShift);
            assertNear(Maps.plainOf(ofX), expected.get0(), precision);
            assertNear(ofScale, expected.get1(), precision);
            assertNear(ofShift, expected.get2(), precision);
        }
    }

    /** oneDNN would read, or write, beyond the end of what is too small. */
    @Test
    void whatDoesNotFitIsRefusedBeforeOneDnnSeesIt() {
        int block = block(Precision.FP32);
        try (Scope scope = Scope.inference()) {
            Tensor x = blocked(random(2, block, 8, 8), Precision.FP32);
            ConvolutionPrimitives conv = ConvolutionPrimitives.of(x, block, 3, 1, 1, false);
            Tensor filters = torch.zeros(block, block, 3, 3);
            Tensor y = torch.empty(conv.outputShape());
            conv.forward(x, filters, Optional.empty(), y);
            for (Tensor wrong : List.of(
                    torch.empty(1, 1, 8, 8, block),
                    y.to(ScalarType.BFloat16),
                    torch.zeros(y.shape()).to(ScalarType.Double),
                    torch.empty(8, 8, block, 2, 1).permute(3, 4, 0, 1, 2))) {
                assertThatThrownBy(() -> conv.forward(x, filters, Optional.empty(), wrong))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @Test
    void memoryThatIsNotThereIsToldFromOtherFaults() {
        assertThatThrownBy(() -> torch.empty(1L << 50)).matches(Engine::isOutOfMemory);
        assertThatThrownBy(() -> torch.empty(2).view(3)).matches(e -> !Engine.isOutOfMemory(e));
    }
}
