package dev.residual.backend;

import dev.residual.backend.OneDnn.Arguments;
import dev.residual.backend.OneDnn.Format;
import dev.residual.backend.OneDnn.Primitive;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Shape;
import dev.residual.tensor.Natives;
import dev.residual.tensor.Scope;
import org.bytedeco.dnnl.batch_normalization_backward;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * oneDNN's batch norm for one layer, batch size and number of threads, with the ReLU that follows where there is one. It
 * takes a half to a fifth of the time of libtorch's, and with the ReLU in it a step saves five passes over the feature
 * maps in memory.
 */
final class BatchNormPrimitives implements AutoCloseable {
    private final Natives natives = new Natives();
    private final Format maps;
    private final Format channels;
    private final Format mask;
    private final Primitive forward;
    private final Primitive backward;

    /** What it normalises by. */
    enum By {
        /** The batch's own statistics. */
        BATCH,
        /** Given ones, in training: the backward pass takes them for constants. */
        GIVEN,
        /** Given ones, in inference. */
        RUNNING
    }

    /**
     * The tensors that the backward pass needs.
     *
     * @param mean C float32
     * @param variance C float32: the mean squared distance from the mean
     * @param mask where the output is positive, in oneDNN's own form; empty without ReLU
     */
    record Statistics(Tensor mean, Tensor variance, Tensor mask) {}

    BatchNormPrimitives(BatchNorm bn, Shape shape, long batch, ScalarType type, MemoryFormat format, By by) {
        boolean running = by == By.RUNNING;
        int flags = dnnl.dnnl_use_scale
                | dnnl.dnnl_use_shift
                | (bn.relu() ? dnnl.dnnl_fuse_norm_relu : 0)
                | (by == By.BATCH ? 0 : dnnl.dnnl_use_global_stats);
        float epsilon = (float) BatchNorm.EPSILON;
        try (Scope scope = Scope.open()) {
            maps = Format.ofMaps(batch, shape, type, format, natives);
            channels = Format.ofChannels(shape.channels(), natives);
            var there = new batch_normalization_forward.primitive_desc(
                    OneDnn.cpu(),
                    running ? dnnl.dnnl_forward_inference : dnnl.dnnl_forward_training,
                    maps.desc(),
                    maps.desc(),
                    epsilon,
                    flags,
                    OneDnn.attributes(),
                    false);
            forward = Primitive.of(new batch_normalization_forward(there), there, natives);
            mask = Format.opaque(there.workspace_desc(), natives);
            if (running) {
                backward = null;
            } else {
                var back = new batch_normalization_backward.primitive_desc(
                        OneDnn.cpu(),
                        dnnl.dnnl_backward,
                        maps.desc(),
                        maps.desc(),
                        maps.desc(),
                        epsilon,
                        flags,
                        there,
                        OneDnn.attributes(),
                        false);
                backward = Primitive.of(new batch_normalization_backward(back), back, natives);
            }
        }
    }

    boolean isReference() {
        return forward.isReference() || backward.isReference();
    }

    /**
     * The forward pass by the batch's own statistics.
     *
     * @param scale C float32
     * @param shift C float32
     * @param y receives the output
     */
    Statistics forward(Tensor x, Tensor scale, Tensor shift, Tensor y) {
        return forward(x, scale, shift, torch.empty_like(scale), torch.empty_like(scale), y);
    }

    /**
     * @param mean is read where statistics are given, and else receives the batch's
     * @param variance the same
     */
    Statistics forward(Tensor x, Tensor scale, Tensor shift, Tensor mean, Tensor variance, Tensor y) {
        Statistics statistics = new Statistics(mean, variance, mask.allocate());
        try (Scope scope = Scope.open()) {
            forward.run(arguments(x, scale, statistics)
                    .put(dnnl.DNNL_ARG_SHIFT, channels, shift)
                    .put(dnnl.DNNL_ARG_DST, maps, y));
        }
        return statistics;
    }

    /** The forward pass with running statistics, on memory that the caller keeps. */
    Runnable bind(Tensor x, Tensor scale, Tensor shift, Tensor mean, Tensor variance, Tensor y) {
        try (Scope scope = Scope.open()) {
            Statistics statistics = new Statistics(mean, variance, natives.own(mask.allocate()));
            return forward.bind(
                    arguments(x, scale, statistics)
                            .put(dnnl.DNNL_ARG_SHIFT, channels, shift)
                            .put(dnnl.DNNL_ARG_DST, maps, y),
                    natives);
        }
    }

    /**
     * @param gradient of the output; left as it is
     * @param ofX receives the input's gradient
     * @param ofScale receives the scale's gradient, C float32
     * @param ofShift receives the shift's gradient, C float32
     */
    void backward(
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
                    .put(dnnl.DNNL_ARG_DIFF_SCALE, channels, ofScale)
                    .put(dnnl.DNNL_ARG_DIFF_SHIFT, channels, ofShift));
        }
    }

    /** The arguments of both directions. */
    private Arguments arguments(Tensor x, Tensor scale, Statistics statistics) {
        return new Arguments()
                .put(dnnl.DNNL_ARG_SRC, maps, x)
                .put(dnnl.DNNL_ARG_SCALE, channels, scale)
                .put(dnnl.DNNL_ARG_MEAN, channels, statistics.mean)
                .put(dnnl.DNNL_ARG_VARIANCE, channels, statistics.variance)
                .put(dnnl.DNNL_ARG_WORKSPACE, mask, statistics.mask);
    }

    @Override
    public void close() {
        natives.close();
    }
}
