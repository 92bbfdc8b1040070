package dev.residual.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Operation.Epilogue;
import dev.residual.graph.Shape;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** A processor uses one or two of the formats; here each is tried on whatever processor the test runs on. */
class MemoryFormatTest {
    private static final int BATCH = 3;
    private static final int SIZE = 8;

    private static Tensor laidOut(Tensor plain, MemoryFormat format) {
        int channels = (int) plain.size(1);
        long block = format.block(channels);
        long filled = format.filled(channels);
        return torch.constant_pad_nd(plain, new long[] {0, 0, 0, 0, 0, filled - channels})
                .unflatten(1, new long[] {filled / block, block})
                .permute(0, 1, 3, 4, 2)
                .contiguous();
    }

    private static Tensor plain(Tensor maps, int channels) {
        return maps.permute(0, 1, 4, 2, 3).flatten(1, 2).narrow(1, 0, channels);
    }

    private static void assertSame(Tensor actual, Tensor expected) {
        double scale = expected.abs().max().item_double();
        assertThat(actual.sub(expected).abs().max().item_double() / scale).isCloseTo(0, within(1e-5));
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NCHW")
    void convolutionsAreTheSameInAllFormats(MemoryFormat format) {
        Backends.assumeHere("onednn", Precision.FP32);
        for (int stride : List.of(1, 2)) {
            isTheSame(true, format, new Convolution("images", 3, 16, 3, stride, true, Epilogue.NONE));
            isTheSame(false, format, new Convolution("maps", 16, 32, 3, stride, true, Epilogue.NONE));
            isTheSame(false, format, new Convolution("few channels", 5, 9, 3, stride, true, Epilogue.NONE));
            isTheSame(false, format, new Convolution("1×1", 16, 20, 1, stride, false, Epilogue.NONE));
        }
    }

    private static void isTheSame(boolean fromImages, MemoryFormat out, Convolution c) {
        MemoryFormat in = fromImages ? out.ofImages() : out;
        Shape shape = new Shape(c.in(), SIZE, SIZE);
        int half = SIZE / c.stride();
        try (Scope scope = Scope.open();
                var made = new ConvolutionPrimitives(c, shape, fromImages, BATCH, ScalarType.Float, out)) {
            torch.manual_seed(1);
            Tensor x = torch.randn(BATCH, c.in(), SIZE, SIZE).set_requires_grad(true);
            Tensor weight = torch.randn(c.out(), c.in(), c.kernel(), c.kernel()).set_requires_grad(true);
            Optional<Tensor> bias =
                    c.bias() ? Optional.of(torch.randn(c.out()).set_requires_grad(true)) : Optional.empty();
            Tensor gradient = torch.randn(BATCH, c.out(), half, half);
            Tensor expected = torch.conv2d(
                    x,
                    weight,
                    bias.map(TensorOptional::new).orElseGet(TensorOptional::new),
                    new long[] {c.stride(), c.stride()},
                    new long[] {c.padding(), c.padding()},
                    new long[] {1, 1},
                    1);
            expected.mul(gradient).sum().backward();

            Tensor y = laidOut(torch.zeros_like(expected), out);
            Tensor ofX = laidOut(torch.zeros_like(x), in);
            Tensor ofWeight = torch.zeros_like(weight);
            Optional<Tensor> ofBias = bias.map(torch::zeros_like);
            made.forward(laidOut(x.detach(), in), weight.detach(), bias.map(Tensor::detach), y);
            made.backwardData(laidOut(gradient, out), weight.detach(), ofX);
            made.backwardWeights(laidOut(gradient, out), laidOut(x.detach(), in), ofWeight, ofBias);
            assertSame(plain(y, c.out()), expected.detach());
            assertSame(plain(ofX, c.in()), x.grad());
            assertSame(ofWeight, weight.grad());
            bias.ifPresent(b -> assertSame(ofBias.orElseThrow(), b.grad()));
        }
    }
}
