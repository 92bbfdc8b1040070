package dev.residual.tensor;

import java.util.List;
import java.util.OptionalInt;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A network's maps, in one of two forms: plain, N×C×H×W, channels-last; or blocked, N×(C/b)×H×W×b, as oneDNN's own
 * operations take them ({@link ConvolutionPrimitives}, {@link BatchNormPrimitives}), with b the same for all.
 */
public final class Maps {
    /** Neighbouring numbers that libtorch's vector instructions for bfloat16 need; with fewer it is three times as slow. */
    private static final int VECTORS = 32;

    private Maps() {}

    /**
     * Images in blocks of one channel, N×3×H×W×1, where a network of such widths can be trained on blocked maps; otherwise
     * as they are. libtorch's autograd knows nothing of what oneDNN does by itself, so where it is on they stay plain.
     */
    public static Tensor blocked(Tensor images, List<Integer> widths) {
        if (images.is_cuda() || GradMode.is_enabled()) {
            return images;
        }
        OptionalInt block = OneDnn.block(images.scalar_type().intern());
        boolean fits = block.isPresent() && widths.stream().allMatch(width -> width % block.getAsInt() == 0);
        return fits ? images.contiguous().unsqueeze(4) : images;
    }

    public static boolean isBlocked(Tensor maps) {
        return maps.dim() == 5;
    }

    /** A view that shows where the channels are, as blocked maps do; in plain ones all of a pixel's lie side by side. */
    public static Tensor blocks(Tensor maps) {
        return isBlocked(maps) ? maps : maps.permute(0, 2, 3, 1).unsqueeze(1);
    }

    /** N×C×H×W of what {@link #blocks} shows; a view where there is one block. */
    public static Tensor plainOf(Tensor blocks) {
        return blocks.permute(0, 1, 4, 2, 3).flatten(1, 2);
    }

    /** max(0, maps), in place. A negative NaN becomes 0 in bfloat16. */
    public static Tensor relu(Tensor maps) {
        signs(maps).relu_();
        return maps;
    }

    /** Zero where {@code y}, of the same shape, is not positive; in place. */
    public static Tensor maskByPositive(Tensor maps, Tensor y) {
        Tensor signs = signs(maps);
        torch.threshold_backward_out(signs, signs, signs(y), new Scalar(0));
        return maps;
    }

    /**
     * A view for what only asks whether numbers are positive, which their bits tell too, as integers: libtorch computes with
     * bfloat16 by way of float32, five times as slowly. NaNs count as positive or negative.
     */
    private static Tensor signs(Tensor maps) {
        boolean bits = maps.scalar_type().intern() == ScalarType.BFloat16 && !GradMode.is_enabled();
        return bits ? maps.view(ScalarType.Short) : maps;
    }

    /** Every second pixel of every second row of what {@link #blocks} shows; a view. */
    public static Tensor everySecondPixel(Tensor blocks) {
        return slice(slice(blocks, 2, 0, blocks.size(2), 2), 3, 0, blocks.size(3), 2);
    }

    /**
     * Adds channels of maps to channels of maps.
     *
     * @param a what {@link #blocks} shows, changed
     * @param fromA the first of a's channels
     * @param b what {@link #blocks} shows, N, H and W as a
     * @param channels how many
     */
    public static void add(Tensor a, int fromA, Tensor b, int fromB, int channels) {
        int blockA = (int) a.size(4);
        int blockB = (int) b.size(4);
        int run;
        for (int c = 0; c < channels; c += run) {
            int inA = (fromA + c) % blockA;
            int inB = (fromB + c) % blockB;
            run = Math.min(channels - c, Math.min(blockA - inA, blockB - inB));
            Tensor to = slice(a.select(1, (fromA + c) / blockA), 3, inA, inA + run, 1);
            Tensor more = slice(b.select(1, (fromB + c) / blockB), 3, inB, inB + run, 1);
            if (run < VECTORS && a.scalar_type().intern() == ScalarType.BFloat16) {
                to.copy_(to.contiguous().add_(more.contiguous())); // dense copies
            } else {
                to.add_(more);
            }
        }
    }

    private static Tensor slice(Tensor tensor, int dimension, long from, long to, int step) {
        return tensor.slice(dimension, new LongOptional(from), new LongOptional(to), step);
    }
}
