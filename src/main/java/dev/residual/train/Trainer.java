package dev.residual.train;

import dev.residual.ResidualException;
import dev.residual.data.Batch;
import dev.residual.data.Batches;
import dev.residual.model.Gradients;
import dev.residual.model.Pass;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.run.Metrics;
import dev.residual.tensor.Device;
import dev.residual.tensor.Scope;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;

/** The training loop. */
public final class Trainer {
    private final ResNet network;
    private final State state;
    private final Gradients gradients;
    private final Optimizer optimizer;
    private final Batches batches;
    private final LearningRate learningRate;
    private final long lastIteration;
    private final Device device;
    private Progress progress;
    private Progress saved;

    /**
     * What the loop calls out for, besides its listener.
     *
     * @param evaluate measures the network as it is now; gives nothing when it was stopped
     * @param checkpoint saves everything
     * @param checkpointEvery iterations from one checkpoint to the next
     * @param stop whether to stop after this step
     */
    public record Hooks(
            Function<Progress, Optional<Metrics>> evaluate,
            Consumer<Progress> checkpoint,
            long checkpointEvery,
            BooleanSupplier stop) {}

    /**
     * @param gradients memory for them
     * @param batches stands where {@code progress} says
     * @param progress of a new run, or of the checkpoint that it goes on from
     * @param lastIteration where the run ends
     */
    public Trainer(
            ResNet network,
            State state,
            Gradients gradients,
            Optimizer optimizer,
            Batches batches,
            Recipe recipe,
            long lastIteration,
            Device device,
            Progress progress) {
        this.network = network;
        this.state = state;
        this.gradients = gradients;
        this.optimizer = optimizer;
        this.batches = batches;
        this.learningRate = new LearningRate(recipe);
        this.lastIteration = lastIteration;
        this.device = device;
        this.progress = progress;
        saved = progress.equals(Progress.start(recipe)) ? null : progress;
    }

    /**
     * Trains to the end, or until it is told to stop; either way the last thing it does is a checkpoint.
     *
     * @return whether the end was reached
     * @throws ResidualException when the loss is no longer finite; the last checkpoint is left as it is
     */
    public boolean run(Hooks hooks, TrainingListener listener) {
        while (true) {
            if (progress.evaluationDue()) {
                listener.onEvaluation(progress);
                Optional<Metrics> metrics = hooks.evaluate().apply(progress);
                if (metrics.isPresent()) {
                    listener.onEpoch(metrics.get());
                    progress = progress.evaluated();
                }
            }
            boolean finished = progress.iteration() >= lastIteration && !progress.evaluationDue();
            boolean stopped = hooks.stop().getAsBoolean();
            boolean due = finished || stopped || progress.iteration() % hooks.checkpointEvery() == 0;
            if (due && !progress.equals(saved)) {
                hooks.checkpoint().accept(progress);
                saved = progress;
                listener.onCheckpoint(progress);
            }
            if (finished || stopped) {
                return finished;
            }
            step(listener);
        }
    }

    private void step(TrainingListener listener) {
        long start = System.nanoTime();
        double rate = learningRate.at(progress.iteration(), progress.warmup().on());
        if (rate != progress.learningRate()) {
            listener.onLearningRate(progress.iteration(), rate);
        }
        double value;
        try (Scope scope = Scope.inference()) {
            Batch batch = batches.next();
            Tensor images = device.move(batch.images());
            Tensor labels = device.move(batch.labels());

            Pass pass = Pass.training(state, gradients);
            Tensor logits = network.forward(images, pass);
            CrossEntropy loss = CrossEntropy.of(logits, labels);
            value = loss.value();
            requireFinite("loss", value, rate);
            network.backward(loss.gradient(), pass);
            optimizer.step(gradients, rate, progress.iteration());
            // ReLU may make 0 of a NaN and so hide it from the loss, but not from the gradients behind it.
            requireFinite("sum of all weights", state.trained().all().sum().item_double(), rate);

            int correct = (int)
                    logits.argmax(new LongOptional(1), false).eq(labels).sum().item_long();
            boolean lastOfRun = progress.iteration() + 1 == lastIteration;
            double seconds = (System.nanoTime() - start) / 1e9;
            progress = progress.after(value, correct, batch.size(), batch.last(), lastOfRun, seconds, rate);
        }
        listener.onStep(progress, value, rate);
    }

    private void requireFinite(String what, double value, double rate) {
        if (!Double.isFinite(value)) {
            throw new ResidualException("the " + what + " is " + value + " at iteration " + progress.iteration()
                    + " with learning rate " + rate
                    + ": training has diverged; the last checkpoint is kept (try a lower --learning-rate)");
        }
    }
}
