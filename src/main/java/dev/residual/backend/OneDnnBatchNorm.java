package dev.residual.backend;

import dev.residual.backend.BatchNormPrimitives.Statistics;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Shape;
import dev.residual.tensor.Engine;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Batch norm by the batch's own statistics, by oneDNN. */
final class OneDnnBatchNorm implements Kernel {
    private final BatchNorm operation;
    private final Shape shape;
    private final OneDnnLayout layout;
    private final SideTasks tasks;
    private final PrimitiveCache<BatchNormPrimitives> made = new PrimitiveCache<>();

    OneDnnBatchNorm(BatchNorm operation, Shape shape, OneDnnLayout layout, SideTasks tasks) {
        this.operation = operation;
        this.shape = shape;
        this.layout = layout;
        this.tasks = tasks;
    }

    /** @param running always the same for one operation: frozen it normalises by its running statistics */
    private BatchNormPrimitives primitives(Tensor x, boolean running) {
        ScalarType type = x.scalar_type().intern();
        return made.get(
                x.size(0),
                type,
                Engine.currentThreads(),
                () -> new BatchNormPrimitives(operation, shape, x.size(0), type, OneDnnLayout.block(type), running));
    }

    @Override
    public Tensor forward(List<Tensor> inputs, Pass pass) {
        Tensor x = inputs.get(0);
        Tensor y = layout.allocateLike(x, shape);
        if (pass.statistics() == Pass.Statistics.RUNNING) {
            return tasks.withFixedThreads(() -> {
                primitives(x, true)
                        .forwardByRunning(
                                x,
                                pass.parameter("weight"),
                                pass.parameter("bias"),
                                pass.parameter("running_mean"),
                                pass.parameter("running_var"),
                                y);
                return y;
            });
        }
        Statistics found = tasks.withFixedThreads(
                () -> primitives(x, false).forward(x, pass.parameter("weight"), pass.parameter("bias"), y));
        if (pass.statistics() == Pass.Statistics.BATCH_AND_UPDATE) {
            updateRunning(found, x.size(0) * shape.height() * shape.width(), pass);
        }
        pass.save(x, found.mean(), found.variance(), found.mask());
        return y;
    }

    /** Moves the running statistics as libtorch's BN does. */
    private static void updateRunning(Statistics found, double count, Pass pass) {
        double unbiased = count / (count - 1);
        pass.parameter("running_mean").lerp_(found.mean(), new Scalar(BatchNorm.MOMENTUM));
        pass.parameter("running_var")
                .mul_(new Scalar(1 - BatchNorm.MOMENTUM))
                .add_(found.variance(), new Scalar(BatchNorm.MOMENTUM * unbiased));
    }

    @Override
    public List<Tensor> backward(Tensor gradient, Pass pass) {
        List<Tensor> saved = pass.saved();
        Tensor x = saved.get(0);
        Tensor ofX = layout.allocateLike(x, shape);
        return tasks.withFixedThreads(() -> {
            primitives(x, false)
                    .backward(
                            gradient,
                            x,
                            pass.parameter("weight"),
                            new Statistics(saved.get(1), saved.get(2), saved.get(3)),
                            ofX,
                            pass.gradient("weight"),
                            pass.gradient("bias"));
            return List.of(ofX);
        });
    }

    @Override
    public void close() {
        made.close();
    }
}
