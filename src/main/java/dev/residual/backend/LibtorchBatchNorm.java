package dev.residual.backend;

import dev.residual.backend.Pass.Statistics;
import dev.residual.backend.SyncBatchNorm.Moments;
import dev.residual.backend.SyncBatchNorm.Output;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Shape;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Batch norm by libtorch. */
record LibtorchBatchNorm(BatchNorm operation, Shape shape, Layout layout, SideTasks tasks)
        implements Kernel, SyncBatchNorm.Part {
    @Override
    public Tensor forward(List<Tensor> inputs, Pass pass) {
        Tensor x = inputs.get(0);
        if (pass.statistics() != Statistics.RUNNING && pass.sums().isPresent()) {
            return new SyncBatchNorm(this, pass.sums().get()).forward(x, pass);
        }
        boolean running = pass.statistics() != Statistics.BATCH;
        Optional<Moments> moments = running
                ? Optional.of(new Moments(pass.parameter("running_mean"), pass.parameter("running_var")))
                : Optional.empty();
        T_TensorTensorTensor_T result = forward(
                x, pass.parameter("weight"), pass.parameter("bias"), moments, pass.statistics() != Statistics.RUNNING);
        Tensor y = result.get0();
        if (operation.relu()) {
            pass.save(x, result.get1(), result.get2(), Layout.relu(y));
        } else {
            pass.save(x, result.get1(), result.get2());
        }
        return y;
    }

    @Override
    public List<Tensor> backward(Tensor gradient, Pass pass) {
        if (pass.sums().isPresent()) {
            return List.of(new SyncBatchNorm(this, pass.sums().get()).backward(gradient, pass));
        }
        List<Tensor> saved = pass.saved();
        Tensor target = pass.ownsGradient() ? gradient : layout.allocateLike(gradient, shape);
        Tensor masked = operation.relu() ? Layout.reluBackward(target, gradient, saved.get(3)) : gradient;
        T_TensorTensorTensor_T result =
                backward(masked, saved.get(0), pass.parameter("weight"), saved.get(1), saved.get(2), true);
        pass.gradient("weight").copy_(result.get1());
        pass.gradient("bias").copy_(result.get2());
        return List.of(result.get0());
    }

    /**
     * @param moments running ones, which are used, or moved by those of the batch
     * @param ofBatch whether the batch's statistics are used
     */
    private T_TensorTensorTensor_T forward(
            Tensor x, Tensor scale, Tensor shift, Optional<Moments> moments, boolean ofBatch) {
        return tasks.withFixedThreads(() -> torch.native_batch_norm(
                x,
                new TensorOptional(scale),
                new TensorOptional(shift),
                moments.map(m -> new TensorOptional(m.mean())).orElseGet(TensorOptional::new),
                moments.map(m -> new TensorOptional(m.variance())).orElseGet(TensorOptional::new),
                ofBatch,
                BatchNorm.MOMENTUM,
                BatchNorm.EPSILON));
    }

    /**
     * @param mean of the batch, or a running one
     * @param spread the batch's 1 / standard deviation, or a running variance
     */
    private T_TensorTensorTensor_T backward(
            Tensor gradient, Tensor x, Tensor scale, Tensor mean, Tensor spread, boolean ofBatch) {
        TensorOptional none = new TensorOptional();
        return tasks.withFixedThreads(() -> torch.native_batch_norm_backward(
                gradient,
                x,
                new TensorOptional(scale),
                ofBatch ? none : new TensorOptional(mean),
                ofBatch ? none : new TensorOptional(spread),
                ofBatch ? new TensorOptional(mean) : none,
                ofBatch ? new TensorOptional(spread) : none,
                ofBatch,
                BatchNorm.EPSILON,
                new BoolPointer(3).put(0, true).put(1, true).put(2, true)));
    }

    @Override
    public Moments moments(Tensor x) {
        T_TensorTensor_T found = tasks.withFixedThreads(
                () -> torch.var_mean(x.to(ScalarType.Float), new long[] {0, 2, 3}, false, false));
        return new Moments(found.get1(), found.get0());
    }

    @Override
    public Output forward(Tensor x, Tensor scale, Tensor shift, Moments moments) {
        Tensor y = scaled(x, scale, shift, moments);
        return new Output(y, operation.relu() ? List.of(Layout.relu(y)) : List.of());
    }

    @Override
    public Tensor scaled(Tensor x, Tensor scale, Tensor shift, Moments moments) {
        return forward(x, scale, shift, Optional.of(moments), false).get0();
    }

    @Override
    public Tensor backward(
            Tensor gradient,
            Tensor x,
            Tensor scale,
            Moments moments,
            List<Tensor> mask,
            Tensor ofScale,
            Tensor ofShift) {
        Tensor masked = operation.relu()
                ? Layout.reluBackward(layout.allocateLike(gradient, shape), gradient, mask.get(0))
                : gradient;
        T_TensorTensorTensor_T result = backward(masked, x, scale, moments.mean(), moments.variance(), false);
        ofScale.copy_(result.get1());
        ofShift.copy_(result.get2());
        return result.get0();
    }
}
