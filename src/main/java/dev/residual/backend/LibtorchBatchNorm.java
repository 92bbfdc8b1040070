package dev.residual.backend;

import dev.residual.backend.Pass.Statistics;
import dev.residual.backend.SyncBatchNorm.Moments;
import dev.residual.backend.SyncBatchNorm.Output;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Shape;
import java.util.List;
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
        T_TensorTensorTensor_T result = tasks.withFixedThreads(() -> torch.native_batch_norm(
                x,
                new TensorOptional(pass.parameter("weight")),
                new TensorOptional(pass.parameter("bias")),
                running ? new TensorOptional(pass.parameter("running_mean")) : new TensorOptional(),
                running ? new TensorOptional(pass.parameter("running_var")) : new TensorOptional(),
                pass.statistics() != Statistics.RUNNING,
                BatchNorm.MOMENTUM,
                BatchNorm.EPSILON));
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
        Tensor masked = operation.relu()
                ? Layout.reluBackward(
                        pass.ownsGradient() ? gradient : layout.allocateLike(gradient, shape), gradient, saved.get(3))
                : gradient;
        T_TensorTensorTensor_T result = tasks.withFixedThreads(() -> torch.native_batch_norm_backward(
                masked,
                saved.get(0),
                new TensorOptional(pass.parameter("weight")),
                new TensorOptional(),
                new TensorOptional(),
                new TensorOptional(saved.get(1)),
                new TensorOptional(saved.get(2)),
                true,
                BatchNorm.EPSILON,
                new BoolPointer(3).put(0, true).put(1, true).put(2, true)));
        pass.gradient("weight").copy_(result.get1());
        pass.gradient("bias").copy_(result.get2());
        return List.of(result.get0());
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
        return tasks.withFixedThreads(() -> torch.native_batch_norm(
                        x,
                        new TensorOptional(scale),
                        new TensorOptional(shift),
                        new TensorOptional(moments.mean()),
                        new TensorOptional(moments.variance()),
                        false,
                        0,
                        BatchNorm.EPSILON)
                .get0());
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
        T_TensorTensorTensor_T result = tasks.withFixedThreads(() -> torch.native_batch_norm_backward(
                masked,
                x,
                new TensorOptional(scale),
                new TensorOptional(moments.mean()),
                new TensorOptional(moments.variance()),
                new TensorOptional(),
                new TensorOptional(),
                false,
                BatchNorm.EPSILON,
                new BoolPointer(3).put(0, true).put(1, true).put(2, true)));
        ofScale.copy_(result.get1());
        ofShift.copy_(result.get2());
        return result.get0();
    }
}
