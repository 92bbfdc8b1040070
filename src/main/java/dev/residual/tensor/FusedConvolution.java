package dev.residual.tensor;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.global.torch;

/**
 * A convolution in a {@link Script}, with packed weights where that is safe, and in one operation with the ReLU that
 * follows it, and (by oneDNN) with the sum before that. So each map is spared one or two ways through memory.
 *
 * <p>oneDNN computes batches. Its way to an operation takes as long as the convolution of a single image, which is for
 * XNNPACK therefore.
 *
 * <p>Layers of few channels fill half of a processor's vectors, or of the operations that it has in flight. There two
 * pixels side by side are computed as one of twice the channels, by filters that are one pixel wider. These are a third
 * more multiplications, which take less time for a single image and in bfloat16, and about as long for a batch in float32.
 * What comes out lies in memory as it would without that.
 */
final class FusedConvolution {
    /** So many count as few; with 32, pairs took 1.4 times as long in either library. */
    private static final int FEW_CHANNELS = 16;

    private FusedConvolution() {}

    /**
     * max(0, other + the convolution).
     *
     * @param other what is added, if anything is; overwritten
     * @param weights O×I×k×k float32
     * @param biases O float32
     * @return O maps
     */
    static ScriptWriter.Result write(
            ScriptWriter writer,
            ScriptWriter.Result x,
            Optional<ScriptWriter.Result> other,
            Tensor weights,
            Tensor biases,
            int stride,
            int padding) {
        int channels = (int) weights.size(0);
        int height = ScriptWriter.sizeAfter(x.height(), weights.size(2), stride, padding);
        int width = ScriptWriter.sizeAfter(x.width(), weights.size(3), stride, padding);
        int pixels = channels <= FEW_CHANNELS && stride == 1 && width % 2 == 0 ? 2 : 1;
        Layer layer = new Layer(
                Tensors.channelsLast(widen(weights, pixels)),
                biases.repeat(pixels),
                new long[] {stride, (long) stride * pixels},
                new long[] {padding, padding});
        Optional<Value> added = other.map(
                o -> pixels == 1 ? o.value() : writer.view(o.value(), channels * pixels, height, width / pixels));
        Value sum = XnnpackConvolution.write(writer, x, added, layer)
                .orElseGet(() -> MkldnnConvolution.write(writer, x, added, layer));
        Value maps = pixels == 1 ? sum : writer.view(sum, channels, height, width);
        return new ScriptWriter.Result(maps, channels, height, width);
    }

    /** What either library is given. */
    record Layer(Tensor weights, Tensor biases, long[] strides, long[] paddings) {}

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
}
