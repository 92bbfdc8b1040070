package dev.residual.train;

import dev.residual.run.Metrics;
import java.util.List;
import java.util.function.Consumer;

/** Is told how a run goes; everything that is shown or written while training hangs here. */
public interface TrainingListener {
    /** Before anything is trained, when all is found to be in order. */
    default void onStart(Progress progress) {}

    /**
     * After each minibatch.
     *
     * @param loss mean over its images
     */
    default void onStep(Progress progress, double loss, double learningRate) {}

    /**
     * Before the first minibatch with another learning rate than the one before it.
     *
     * @param iteration minibatches trained on before it
     */
    default void onLearningRate(long iteration, double learningRate) {}

    /** Before the network is evaluated, which takes a while. */
    default void onEvaluation(Progress progress) {}

    /** Before the first epoch, at each epoch's end, and at the run's end. */
    default void onEpoch(Metrics metrics) {}

    /** After a checkpoint was written. */
    default void onCheckpoint(Progress progress) {}

    /**
     * Something is wrong that the run gets over, such as a log that cannot be written.
     *
     * @param sentence about it
     */
    default void onWarning(String sentence) {}

    /** Tells each of them in turn. */
    static TrainingListener all(TrainingListener... listeners) {
        List<TrainingListener> all = List.of(listeners);
        return new TrainingListener() {
            @Override
            public void onStart(Progress progress) {
                tell(l -> l.onStart(progress));
            }

            @Override
            public void onStep(Progress progress, double loss, double learningRate) {
                tell(l -> l.onStep(progress, loss, learningRate));
            }

            @Override
            public void onLearningRate(long iteration, double learningRate) {
                tell(l -> l.onLearningRate(iteration, learningRate));
            }

            @Override
            public void onEvaluation(Progress progress) {
                tell(l -> l.onEvaluation(progress));
            }

            @Override
            public void onEpoch(Metrics metrics) {
                tell(l -> l.onEpoch(metrics));
            }

            @Override
            public void onCheckpoint(Progress progress) {
                tell(l -> l.onCheckpoint(progress));
            }

            @Override
            public void onWarning(String sentence) {
                tell(l -> l.onWarning(sentence));
            }

            private void tell(Consumer<TrainingListener> event) {
                all.forEach(event);
            }
        };
    }
}
