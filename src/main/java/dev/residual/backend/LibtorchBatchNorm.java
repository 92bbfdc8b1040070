package dev.residual.backend;

import dev.residual.backend.Pass.Statistics;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Shape;
import java.util.List;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Batch norm by libtorch. */
record LibtorchBatchNorm(BatchNorm operation, Shape shape, Layout layout, SideTasks tasks) implements Kernel {
    @Override
    public Tensor forward(List<Tensor> inputs, Pass pass) {
        Tensor x = inputs.get(0);
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
}
