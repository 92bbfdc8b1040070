package dev.residual.run;

/**
 * One row of {@code metrics.csv}: the state of a run at the end of an epoch.
 *
 * @param epoch 0 is the untrained network
 * @param iteration minibatches trained on so far
 * @param learningRate of the last iteration; in row 0 of the first one to come
 * @param trainLoss mean cross-entropy per image; NaN in row 0 when the training set is not evaluated
 * @param trainAccuracy percent: of the minibatches as they were trained on or, with {@code --evaluate-training}, of the
 *     whole training set at the epoch's end; NaN where there is none
 * @param testLoss mean cross-entropy per image
 * @param testAccuracy percent
 * @param seconds of training since the start, over all resumes, evaluation not counted
 * @param imagesPerSecond images trained on per second in this epoch
 * @param validationLoss mean cross-entropy per image of the held-out training images; NaN where none are held out
 * @param validationAccuracy percent; NaN where none are held out
 */
public record Metrics(
        int epoch,
        long iteration,
        double learningRate,
        double trainLoss,
        double trainAccuracy,
        double testLoss,
        double testAccuracy,
        double seconds,
        double imagesPerSecond,
        double validationLoss,
        double validationAccuracy) {

    /** Where no images are held out. */
    public Metrics(
            int epoch,
            long iteration,
            double learningRate,
            double trainLoss,
            double trainAccuracy,
            double testLoss,
            double testAccuracy,
            double seconds,
            double imagesPerSecond) {
        this(
                epoch,
                iteration,
                learningRate,
                trainLoss,
                trainAccuracy,
                testLoss,
                testAccuracy,
                seconds,
                imagesPerSecond,
                Double.NaN,
                Double.NaN);
    }
}
