package dev.residual.tensor;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.dnnl.batch_normalization_backward;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Batch norm by a batch's own statistics and, where one follows, the ReLU in the same operation: oneDNN's BN is two to
 * five times as fast as libtorch's, and with the ReLU in it maps are spared five ways through memory, two there and three
 * back. The bits of what it gives depend on the number of threads.
 */
public final class BatchNormPrimitives {
    private static final Map<Kind, BatchNormPrimitives> MADE = new ConcurrentHashMap<>();

    /** @param threads that compute it at once; oneDNN divides the work when it makes a primitive */
    record Kind(
            long batch,
            long channels,
            long height,
            long width,
            boolean relu,
            float epsilon,
            ScalarType type,
            int block,
            int threads) {}

    private final memory.desc maps;
    private final memory.desc numbers;
    private final memory.desc signs;
    private final OneDnn.Primitive forward;
    private final OneDnn.Primitive backward;

    BatchNormPrimitives(Kind kind) {
        int flags = dnnl.dnnl_use_scale | dnnl.dnnl_use_shift | (kind.relu ? dnnl.dnnl_fuse_norm_relu : 0);
        try (Scope scope = Scope.open()) {
            maps = scope.keep(OneDnn.layout(kind.batch, kind.channels, kind.height, kind.width, kind.type, kind.block));
            numbers = scope.keep(OneDnn.numbers(kind.channels));
            var there = new batch_normalization_forward.primitive_desc(
                    OneDnn.cpu(),
                    dnnl.dnnl_forward_training,
                    maps,
                    maps,
                    kind.epsilon,
                    flags,
                    OneDnn.attributes(),
                    false);
            var back = new batch_normalization_backward.primitive_desc(
                    OneDnn.cpu(),
                    dnnl.dnnl_backward,
                    maps,
                    maps,
                    maps,
                    kind.epsilon,
                    flags,
                    there,
                    OneDnn.attributes(),
                    false);
            signs = scope.keep(there.workspace_desc());
            forward = OneDnn.Primitive.of(new batch_normalization_forward(there), there, scope);
            backward = OneDnn.Primitive.of(new batch_normalization_backward(back), back, scope);
        }
    }

    /**
     * @param x {@link Maps#isBlocked blocked}
     * @param relu whether a ReLU follows
     * @param epsilon added to the variance
     */
    public static BatchNormPrimitives of(Tensor x, boolean relu, double epsilon) {
        long block = x.size(4);
        return MADE.computeIfAbsent(
                new Kind(
                        x.size(0),
                        x.size(1) * block,
                        x.size(2),
                        x.size(3),
                        relu,
                        (float) epsilon,
                        x.scalar_type().intern(),
                        (int) block,
                        torch.get_num_threads()),
                BatchNormPrimitives::new);
    }

    boolean isReference() {
        return forward.isReference() || backward.isReference();
    }

    /**
     * What the way back needs.
     *
     * @param mean C float32
     * @param variance C float32: the mean squared distance from the mean
     * @param signs where the result is positive, in oneDNN's own form; empty without ReLU
     */
    public record Statistics(Tensor mean, Tensor variance, Tensor signs) {}

    /**
     * @param x blocked maps
     * @param scale C float32
     * @param shift C float32
     * @param y receives what comes out, of the shape of x
     */
    public Statistics forward(Tensor x, Tensor scale, Tensor shift, Tensor y) {
        Statistics statistics =
                new Statistics(torch.empty_like(scale), torch.empty_like(scale), OneDnn.memoryFor(signs));
        try (Scope scope = Scope.open()) {
            forward.run(arguments(x, scale, statistics)
                    .put(dnnl.DNNL_ARG_SHIFT, numbers, shift)
                    .put(dnnl.DNNL_ARG_DST, maps, y));
        }
        return statistics;
    }

    /**
     * The way back.
     *
     * @param gradient of y; left as it is
     * @param x what came in
     * @param ofX receives x's gradient
     * @param ofScale receives the scale's gradient, C float32
     * @param ofShift receives the shift's gradient, C float32
     */
    public void backward(
            Tensor gradient,
            Tensor x,
            Tensor scale,
            Statistics statistics,
            Tensor ofX,
            Tensor ofScale,
            Tensor ofShift) {
        try (Scope scope = Scope.open()) {
            backward.run(arguments(x, scale, statistics)
                    .put(dnnl.DNNL_ARG_DIFF_DST, maps, gradient)
                    .put(dnnl.DNNL_ARG_DIFF_SRC, maps, ofX)
                    .put(dnnl.DNNL_ARG_DIFF_SCALE, numbers, ofScale)
                    .put(dnnl.DNNL_ARG_DIFF_SHIFT, numbers, ofShift));
        }
    }

    /** What both ways need. */
    private OneDnn.Arguments arguments(Tensor x, Tensor scale, Statistics statistics) {
        return new OneDnn.Arguments()
                .put(dnnl.DNNL_ARG_SRC, maps, x)
                .put(dnnl.DNNL_ARG_SCALE, numbers, scale)
                .put(dnnl.DNNL_ARG_MEAN, numbers, statistics.mean)
                .put(dnnl.DNNL_ARG_VARIANCE, numbers, statistics.variance)
                .put(dnnl.DNNL_ARG_WORKSPACE, signs, statistics.signs);
    }
}
