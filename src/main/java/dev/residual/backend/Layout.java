package dev.residual.backend;

import dev.residual.graph.Shape;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** How a backend's feature maps lie in memory, and what can be done to them whatever the layout is. */
interface Layout {
    /** Uninitialised memory for a batch of feature maps. */
    Tensor allocate(ScalarType type, long batch, Shape shape);

    /**
     * A view N×(C/b)×H×W×b in which the b neighbouring channels of a block come last. Channels that fill the last block up
     * are zeros.
     */
    Tensor blocks(Tensor maps);

    default Tensor allocateLike(Tensor maps, Shape shape) {
        return allocate(maps.scalar_type().intern(), maps.size(0), shape);
    }

    /** max(0, maps), in place. A negative NaN becomes 0 in bfloat16. */
    static Tensor relu(Tensor maps) {
        bits(maps).relu_();
        return maps;
    }

    /**
     * Zero where {@code y} is not positive, {@code gradient} elsewhere.
     *
     * @param out receives it; may be {@code gradient}
     */
    static Tensor reluBackward(Tensor out, Tensor gradient, Tensor y) {
        torch.threshold_backward_out(bits(out), bits(gradient), bits(y), new Scalar(0));
        return out;
    }

    /**
     * A view for what only asks whether values are positive, which their bits tell as integers too: libtorch computes with
     * bfloat16 by way of float32, five times as slowly. NaNs count as positive or negative.
     */
    private static Tensor bits(Tensor maps) {
        return maps.scalar_type().intern() == ScalarType.BFloat16 ? maps.view(ScalarType.Short) : maps;
    }

    /** Every second pixel of every second row of what {@link #blocks} shows; a view. */
    static Tensor everySecondPixel(Tensor blocks) {
        return slice(slice(blocks, 2, 0, blocks.size(2), 2), 3, 0, blocks.size(3), 2);
    }

    /**
     * Copies some channels of maps over some channels of others; both as {@link #blocks} shows them, of the same N, H and W.
     *
     * @param firstTo the first of the channels that are overwritten
     * @param firstFrom the first of those that are copied
     */
    static void copyChannels(Tensor to, int firstTo, Tensor from, int firstFrom, int channels) {
        int blockTo = (int) to.size(4);
        int blockFrom = (int) from.size(4);
        int run;
        for (int c = 0; c < channels; c += run) {
            int inTo = (firstTo + c) % blockTo;
            int inFrom = (firstFrom + c) % blockFrom;
            run = Math.min(channels - c, Math.min(blockTo - inTo, blockFrom - inFrom));
            slice(to.select(1, (firstTo + c) / blockTo), 3, inTo, inTo + run, 1)
                    .copy_(slice(from.select(1, (firstFrom + c) / blockFrom), 3, inFrom, inFrom + run, 1));
        }
    }

    private static Tensor slice(Tensor tensor, int dimension, long from, long to, int step) {
        return tensor.slice(dimension, new LongOptional(from), new LongOptional(to), step);
    }
}
