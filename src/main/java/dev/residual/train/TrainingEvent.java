package dev.residual.train;

import dev.residual.run.Metrics;
import dev.residual.run.Progress;

/** What happens in a training run; everything that is shown or written meanwhile listens to it. */
public sealed interface TrainingEvent {
    /** Everything is found to be in order, and training begins. */
    record Started(Progress progress) implements TrainingEvent {}

    /** The learning rate is another than that of the minibatch before. */
    record LearningRateChanged(long iteration, double learningRate) implements TrainingEvent {}

    /**
     * A minibatch was trained on.
     *
     * @param progress after it
     * @param loss mean over its images
     */
    record Stepped(Progress progress, double loss, double learningRate) implements TrainingEvent {}

    /** An evaluation begins, which takes a while. */
    record Evaluating(Progress progress) implements TrainingEvent {}

    /** An evaluation is done: before the first epoch, at each epoch's end, and at the run's end. */
    record EpochEnded(Metrics metrics) implements TrainingEvent {}

    /** The network is written that has the best validation accuracy so far. */
    record BestKept(Metrics metrics) implements TrainingEvent {}

    /**
     * The run ends before its last iteration.
     *
     * @param progress at the end; its evaluations say which epoch was the best
     */
    record StoppedEarly(Progress progress) implements TrainingEvent {}

    record CheckpointWritten(Progress progress) implements TrainingEvent {}

    /**
     * Something is wrong that the run gets over, such as a log that cannot be written.
     *
     * @param sentence about it
     */
    record Warning(String sentence) implements TrainingEvent {}
}
