package dev.residual.backend;

import dev.residual.backend.BatchNormPrimitives.By;
import dev.residual.backend.BatchNormPrimitives.Statistics;
import dev.residual.backend.SyncBatchNorm.Moments;
import dev.residual.backend.SyncBatchNorm.Output;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Shape;
import dev.residual.tensor.Engine;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Batch norm in oneDNN: with the batch's own statistics, with those of all processes, or with the running ones. */
final class OneDnnBatchNorm implements Kernel, SyncBatchNorm.Part {
    private final BatchNorm operation;
    private final Shape shape;
    private final OneDnnLayout layout;
    private final SideTasks tasks;
    private final PrimitiveCache<BatchNormPrimitives> made = new PrimitiveCache<>();
    private final PrimitiveCache<BatchNormPrimitives> madeOfGiven = new PrimitiveCache<>();
    private final PrimitiveCache<BatchNormPrimitives> madeOfScaled = new PrimitiveCache<>();

    OneDnnBatchNorm(BatchNorm operation, Shape shape, OneDnnLayout layout, SideTasks tasks) {
        this.operation = operation;
        this.shape = shape;
        this.layout = layout;
        this.tasks = tasks;
    }

    /** @param by always the same for one operation: frozen it normalises by its running statistics */
    private BatchNormPrimitives primitives(Tensor x, By by) {
        return primitives(made, operation, x, by);
    }

    private BatchNormPrimitives primitives(PrimitiveCache<BatchNormPrimitives> cache, BatchNorm bn, Tensor x, By by) {
        ScalarType type = x.scalar_type().intern();
        return cache.get(
                x.size(0),
                type,
                Engine.currentThreads(),
                () -> new BatchNormPrimitives(bn, shape, x.size(0), type, OneDnnLayout.memoryFormat(type), by));
    }

    @Override
    public Tensor forward(List<Tensor> inputs, Pass pass) {
        Tensor x = inputs.get(0);
        Tensor scale = pass.parameter("weight");
        Tensor shift = pass.parameter("bias");
        if (pass.statistics() == Pass.Statistics.RUNNING) {
            Tensor y = layout.allocateLike(x, shape);
            tasks.withFixedThreads(() -> primitives(x, By.RUNNING)
                    .forward(x, scale, shift, pass.parameter("running_mean"), pass.parameter("running_var"), y));
            return y;
        }
        if (pass.sums().isPresent()) {
            return new SyncBatchNorm(this, pass.sums().get()).forward(x, pass);
        }
        Tensor y = layout.allocateLike(x, shape);
        Statistics found = tasks.withFixedThreads(() -> primitives(x, By.BATCH).forward(x, scale, shift, y));
        if (pass.statistics() == Pass.Statistics.BATCH_AND_UPDATE) {
            SyncBatchNorm.updateRunning(new Moments(found.mean(), found.variance()), count(x), pass);
        }
        pass.save(x, found.mean(), found.variance(), found.mask());
        return y;
    }

    @Override
    public List<Tensor> backward(Tensor gradient, Pass pass) {
        if (pass.sums().isPresent()) {
            return List.of(new SyncBatchNorm(this, pass.sums().get()).backward(gradient, pass));
        }
        List<Tensor> saved = pass.saved();
        Tensor x = saved.get(0);
        Tensor ofX = layout.allocateLike(x, shape);
        return tasks.withFixedThreads(() -> {
            primitives(x, By.BATCH)
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
    public Shape shape() {
        return shape;
    }

    @Override
    public Moments moments(Tensor x) {
        Tensor ones = torch.ones(shape.channels());
        Statistics found = tasks.withFixedThreads(
                () -> primitives(x, By.BATCH).forward(x, ones, ones, layout.allocateLike(x, shape)));
        return new Moments(found.mean(), found.variance());
    }

    @Override
    public Output forward(Tensor x, Tensor scale, Tensor shift, Moments moments) {
        Tensor y = layout.allocateLike(x, shape);
        Statistics found = tasks.withFixedThreads(() -> primitives(madeOfGiven, operation, x, By.GIVEN)
                .forward(x, scale, shift, moments.mean(), moments.variance(), y));
        return new Output(y, List.of(found.mask()));
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
        Tensor ofX = layout.allocateLike(x, shape);
        return tasks.withFixedThreads(() -> {
            primitives(madeOfGiven, operation, x, By.GIVEN)
                    .backward(
                            gradient,
                            x,
                            scale,
                            new Statistics(moments.mean(), moments.variance(), mask.get(0)),
                            ofX,
                            ofScale,
                            ofShift);
            return ofX;
        });
    }

    @Override
    public Tensor scaled(Tensor x, Tensor scale, Tensor shift, Moments moments) {
        BatchNorm plain = new BatchNorm(operation.name(), operation.channels(), false);
        Tensor y = layout.allocateLike(x, shape);
        tasks.withFixedThreads(() -> primitives(madeOfScaled, plain, x, By.RUNNING)
                .forward(x, scale, shift, moments.mean(), moments.variance(), y));
        return y;
    }

    @Override
    public void close() {
        made.close();
        madeOfGiven.close();
        madeOfScaled.close();
    }
}
