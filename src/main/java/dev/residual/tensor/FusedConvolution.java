package dev.residual.tensor;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * A convolution of a network that is only read, ready to be computed again and again: with packed weights, and in one
 * operation with the ReLU that follows it, and with the sum before that if there is one. So each map is spared one or two
 * ways through memory.
 *
 * <p>oneDNN computes batches. Its way to an operation takes as long as the convolution of a single image, which is for
 * XNNPACK therefore.
 *
 * <p>Layers of few channels fill half of a processor's vectors, or of the operations that it has in flight. There two
 * pixels side by side are computed as one of twice the channels, by filters that are one pixel wider. These are a third
 * more multiplications, which take less time for a single image and in bfloat16, and about as long for a batch in float32.
 * What comes out lies in memory as it would without that.
 */
public final class FusedConvolution implements AutoCloseable {
    /** So many count as few; with 32, pairs took 1.4 times as long in either library. */
    private static final int FEW_CHANNELS = 16;

    /** A library's convolution. */
    sealed interface Kernel permits OneDnnKernel, XnnpackKernel {
        /**
         * @param x N×I×H×W, channels-last
         * @param other null where nothing is added; otherwise overwritten with the result
         * @return N×O×H'×W', channels-last
         */
        Tensor compute(Tensor x, Tensor other);

        void close();
    }

    private final Kernel kernel;
    private final int pixels;

    /** Of what comes out. */
    private final long channels;

    private final long height;
    private final long width;

    private FusedConvolution(Kernel kernel, int pixels, long channels, long height, long width) {
        this.kernel = kernel;
        this.pixels = pixels;
        this.channels = channels;
        this.height = height;
        this.width = width;
    }

    /** What all maps have in common that one of these may be given; nothing where there is none for such maps. */
    public static Optional<String> kind(Tensor x) {
        return !x.is_cuda() && OneDnnKernel.AVAILABLE
                ? Optional.of(x.scalar_type().intern() + (XnnpackKernel.isFor(x) ? ", one image" : ""))
                : Optional.empty();
    }

    /**
     * @param x as it will come, N×I×H×W; another N of the same {@link #kind} is as good
     * @param weights O×I×k×k float32
     * @param biases O float32
     * @param adds whether something is added before the ReLU
     * @return the caller closes it
     */
    public static FusedConvolution of(Tensor x, Tensor weights, Tensor biases, int stride, int padding, boolean adds) {
        long channels = weights.size(0);
        long height = (x.size(2) + 2L * padding - weights.size(2)) / stride + 1;
        long width = (x.size(3) + 2L * padding - weights.size(3)) / stride + 1;
        int pixels = channels <= FEW_CHANNELS && stride == 1 && width % 2 == 0 ? 2 : 1;
        try (Scope scope = Scope.noGrad()) {
            Tensor wide = Tensors.channelsLast(widen(weights, pixels));
            Tensor repeated = biases.repeat(pixels);
            long[] strides = {stride, (long) stride * pixels};
            long[] paddings = {padding, padding};
            Optional<Kernel> xnnpack = XnnpackKernel.isFor(x)
                    ? XnnpackKernel.of(wide, repeated, strides, paddings, adds)
                    : Optional.empty();
            Kernel kernel = xnnpack.orElseGet(() -> OneDnnKernel.of(x, wide, repeated, strides, paddings));
            return new FusedConvolution(kernel, pixels, channels, height, width);
        }
    }

    /** Filters for so many pixels side by side: the filters of each, at its place in the wider window. */
    private static Tensor widen(Tensor weights, int pixels) {
        long filters = weights.size(0);
        long k = weights.size(3);
        Tensor wide = torch.zeros(
                new long[] {pixels * filters, weights.size(1), k, k + pixels - 1}, new TensorOptions(weights.dtype()));
        for (int i = 0; i < pixels; i++) {
            wide.narrow(0, i * filters, filters).narrow(3, i, k).copy_(weights);
        }
        return wide;
    }

    /**
     * max(0, ·) of the convolution.
     *
     * @param x N×I×H×W, channels-last
     * @return N×O×H'×W', new
     */
    public Tensor relu(Tensor x) {
        return view(kernel.compute(x, null), channels, width);
    }

    /**
     * max(0, other + the convolution).
     *
     * @param other N×O×H'×W', channels-last, overwritten with the result
     * @return {@code other}
     */
    public Tensor addRelu(Tensor other, Tensor x) {
        kernel.compute(x, view(other, channels * pixels, width / pixels));
        return other;
    }

    /** The same memory, channels-last, with other numbers of channels and columns. */
    private Tensor view(Tensor map, long depth, long columns) {
        return pixels == 1
                ? map
                : map.as_strided(
                        new long[] {map.size(0), depth, height, columns},
                        new long[] {height * width * channels, 1, width * channels, depth});
    }

    @Override
    public void close() {
        kernel.close();
    }
}
