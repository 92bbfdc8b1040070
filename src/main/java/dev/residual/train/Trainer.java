package dev.residual.train;

import dev.residual.ResidualException;
import dev.residual.data.Batch;
import dev.residual.data.Batches;
import dev.residual.distributed.ProcessGroup;
import dev.residual.nn.FlatParameters;
import dev.residual.nn.TrainingNetwork;
import dev.residual.recipe.Recipe;
import dev.residual.recipe.Schedule;
import dev.residual.run.Metrics;
import dev.residual.run.Progress;
import dev.residual.tensor.Device;
import dev.residual.tensor.Scope;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The training loop. */
public final class Trainer {
    private final Session session;
    private final Recipe recipe;
    private final Schedule schedule;
    private final long lastIteration;
    private Progress progress;
    private Progress saved;
    private boolean stopped;

    /**
     * What is trained, and with what.
     *
     * @param batches stands where the progress says
     * @param classWeights of the loss; empty where all classes have the same
     * @param group of the processes that each compute a part of every minibatch
     */
    public record Session(
            TrainingNetwork network,
            DroppedBlocks dropped,
            TrainingState state,
            Batches batches,
            Device device,
            Optional<Tensor> classWeights,
            ProcessGroup group) {}

    /**
     * What the loop calls.
     *
     * @param evaluate measures the network as it is now; empty when it was stopped, which all processes agree on
     * @param checkpoint saves everything; false where this process keeps nothing
     * @param checkpointEvery iterations from one checkpoint to the next
     * @param stop whether this process wants to stop after this step
     */
    public record Hooks(
            Function<Progress, Optional<Metrics>> evaluate,
            Predicate<Progress> checkpoint,
            long checkpointEvery,
            BooleanSupplier stop) {}

    /**
     * @param lastIteration where the run ends
     * @param progress of a new run, or of the checkpoint that it goes on from
     */
    public Trainer(Session session, Recipe recipe, long lastIteration, Progress progress) {
        this.session = session;
        this.recipe = recipe;
        schedule = recipe.schedule();
        this.lastIteration = lastIteration;
        this.progress = progress;
        saved = progress.equals(Progress.start(schedule)) ? null : progress;
    }

    /**
     * Trains to the end, or until it is told to stop; either way the last thing it does is a checkpoint.
     *
     * @return whether the end was reached, be it an early one
     * @throws ResidualException when the loss is no longer finite; the last checkpoint is left as it is
     */
    public boolean run(Hooks hooks, Consumer<TrainingEvent> listener) {
        stopped = false; // one that was stopped may go on
        while (true) {
            if (progress.evaluationDue()) {
                listener.accept(new TrainingEvent.Evaluating(progress));
                Optional<Metrics> metrics = hooks.evaluate().apply(progress);
                if (metrics.isPresent()) {
                    listener.accept(new TrainingEvent.EpochEnded(metrics.get()));
                    progress = progress.evaluated(metrics.get().validation().accuracy());
                } else {
                    stopped = true;
                }
            }
            boolean early = progress.isOutOfPatience(recipe.length().patience());
            boolean finished = progress.iteration() >= lastIteration && !progress.evaluationDue() || early;
            boolean due = finished || stopped || progress.iteration() % hooks.checkpointEvery() == 0;
            if (due && !progress.equals(saved)) {
                if (hooks.checkpoint().test(progress)) {
                    listener.accept(new TrainingEvent.CheckpointWritten(progress));
                }
                saved = progress;
            }
            if (early && progress.iteration() < lastIteration) {
                listener.accept(new TrainingEvent.StoppedEarly(progress));
            }
            if (finished || stopped) {
                return finished;
            }
            step(hooks.stop(), listener);
        }
    }

    /** As far as it has come. */
    public Progress progress() {
        return progress;
    }

    private void step(BooleanSupplier stop, Consumer<TrainingEvent> listener) {
        long start = System.nanoTime();
        long iteration = progress.iteration();
        double rate = schedule.at(iteration, progress.warmup().on());
        if (rate != progress.learningRate() && (iteration == 0 || !schedule.isGradual(iteration))) {
            listener.accept(new TrainingEvent.LearningRateChanged(iteration, rate));
        }
        double value;
        try (Scope scope = Scope.inference()) {
            Batch batch = session.batches.next();
            Share mine = batch.size() > 0 ? forwardAndBackward(batch, iteration) : nothing(batch, iteration);
            FlatParameters gradients = session.network.gradients();
            // What all processes must agree on travels with the gradients.
            double[] sums =
                    session.group.allReduce(gradients.all(), mine.loss, mine.correct, stop.getAsBoolean() ? 1 : 0);
            value = sums[0];
            stopped = sums[2] > 0;
            requireFinite("loss", value, rate);
            session.state.step(gradients, rate, iteration);
            // ReLU may make 0 of a NaN and so hide it from the loss, but not from the gradients behind it.
            requireFinite(
                    "sum of all weights",
                    session.state.weights().trained().all().sum().item_double(),
                    rate);

            double seconds = (System.nanoTime() - start) / 1e9;
            progress = progress.after(
                    new Progress.Step(value, (int) sums[1], batch.whole(), batch.last(), seconds, rate),
                    iteration + 1 == lastIteration);
        }
        listener.accept(new TrainingEvent.Stepped(progress, value, rate));
    }

    /**
     * What this process adds to a minibatch, besides gradients.
     *
     * @param loss the mean of its images' losses, times their share of the whole minibatch
     * @param correct how many of its images' classes were found
     */
    private record Share(double loss, long correct) {}

    private Share forwardAndBackward(Batch batch, long iteration) {
        Tensor images = session.device.move(batch.images());
        Tensor labels = session.device.move(batch.labels());

        Tensor logits = session.network.forward(images, session.dropped.at(iteration));
        Tensor targets =
                targets(batch, labels, logits.size(1), recipe.regularization().labelSmoothing());
        Optional<Tensor> weights = session.classWeights.map(
                w -> targets(batch, labels, logits.size(1), 0).matmul(w));
        CrossEntropy loss =
                weights.map(w -> CrossEntropy.of(logits, targets, w)).orElseGet(() -> CrossEntropy.of(logits, targets));
        double share = weights.map(w -> share(w.sum().item_double())).orElse((double) batch.size() / batch.whole());
        session.network.backward(loss.gradient().mul_(new Scalar(share)));

        long correct =
                logits.argmax(new LongOptional(1), false).eq(labels).sum().item_long();
        return new Share(loss.value() * share, correct);
    }

    private static Tensor targets(Batch batch, Tensor labels, long classes, double smoothing) {
        Tensor own = CrossEntropy.targets(labels, classes, smoothing);
        return batch.mixup().map(m -> m.apply(own)).orElse(own);
    }

    /** Where classes have weights, a part counts as much as its images' weights among those of the whole minibatch. */
    private double share(double weight) {
        return weight / session.group.allReduce(weight)[0];
    }

    /** An epoch's last minibatch may have fewer images than there are processes. */
    private Share nothing(Batch batch, long iteration) {
        Tensor none = batch.images();
        Tensor any = torch.zeros(new long[] {1, none.size(1), none.size(2), none.size(3)}, none.options());
        Optional<Tensor> logits =
                session.network.forwardWithoutImages(session.device.move(any), session.dropped.at(iteration));
        session.classWeights.ifPresent(weights -> session.group.allReduce(0));
        logits.ifPresent(l -> session.network.backward(l.zero_()));
        session.network.gradients().all().zero_();
        return new Share(0, 0);
    }

    private void requireFinite(String what, double value, double rate) {
        if (!Double.isFinite(value)) {
            throw new ResidualException("the " + what + " is " + value + " at iteration " + progress.iteration()
                    + " with learning rate " + rate
                    + ": training has diverged; the last checkpoint is kept (try a lower learning rate)");
        }
    }
}
