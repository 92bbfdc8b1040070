package dev.residual.run;

import java.util.List;

/**
 * One row of {@code metrics.csv}: a run at the end of an epoch.
 *
 * @param epoch 0 is the untrained network
 * @param iteration minibatches trained on so far
 * @param learningRate of the last iteration; in row 0 of the first one to come
 * @param train of the minibatches as they were trained on; with {@code --evaluate-training} the accuracy is that of the whole
 *     training set at the epoch's end, and in row 0 the loss as well. Without values in row 0 otherwise
 * @param validation of the held-out training images; without values where none are held out
 */
public record Metrics(
        int epoch, long iteration, double learningRate, Score train, Score test, Score validation, Time time) {
    /**
     * @param seconds of training since the start, over all resumes, evaluation not counted
     * @param imagesPerSecond images trained on per second in this epoch
     */
    public record Time(double seconds, double imagesPerSecond) {}

    /** If nothing was trained for it, with the training score and speed of an earlier row of the same iteration. */
    public Metrics withTrainingOf(Metrics before) {
        if (!Double.isNaN(time.imagesPerSecond)) {
            return this;
        }
        Time both = new Time(time.seconds, before.time.imagesPerSecond);
        return new Metrics(epoch, iteration, learningRate, before.train, test, validation, both);
    }

    /** The first of those with the best validation accuracy. */
    public static Metrics best(List<Metrics> rows) {
        Metrics best = rows.get(0);
        for (Metrics row : rows) {
            best = row.validation.accuracy() > best.validation.accuracy() ? row : best;
        }
        return best;
    }
}
