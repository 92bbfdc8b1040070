package dev.residual.train;

/**
 * How far a run has come. With the network's numbers, the optimizer's memory and the configuration it is all that decides
 * how the run goes on; a checkpoint holds it.
 *
 * @param iteration minibatches trained on
 * @param epoch whole epochs trained on
 * @param batch minibatches trained on in the epoch that is under way
 * @param rows rows of metrics for whole epochs, that of the untrained network included
 * @param evaluationDue whether the networks must be evaluated before training goes on
 * @param warmup whether the learning rate is still that of the warm-up, and what it is waiting for
 * @param lossSum over the images of this epoch, of their losses when they were trained on
 * @param correct images of this epoch whose class was found when they were trained on
 * @param images trained on in this epoch
 * @param seconds spent in training, evaluations and checkpoints not counted
 * @param epochSeconds the same in this epoch
 * @param learningRate of the last minibatch; 0 before the first
 */
public record Progress(
        long iteration,
        int epoch,
        int batch,
        int rows,
        boolean evaluationDue,
        Warmup warmup,
        double lossSum,
        long correct,
        long images,
        double seconds,
        double epochSeconds,
        double learningRate) {

    /**
     * The paper's warm-up ends when "the training error is below 80 %". The error is measured over windows of minibatches
     * that follow each other.
     *
     * @param batches minibatches in the window that is under way
     */
    public record Warmup(boolean on, int batches, long correct, long images) {
        /** The paper's warm-up took "about 400 iterations", so a quarter of that sees the end soon enough. */
        static final int WINDOW = 100;

        static final double ERROR = 0.8;

        Warmup after(int batchCorrect, int batchImages) {
            if (!on) {
                return this;
            }
            Warmup next = new Warmup(true, batches + 1, correct + batchCorrect, images + batchImages);
            if (next.batches < WINDOW) {
                return next;
            }
            boolean learned = 1 - (double) next.correct / next.images < ERROR;
            return new Warmup(!learned, 0, 0, 0);
        }
    }

    public static Progress start(Recipe recipe) {
        Warmup warmup = new Warmup(recipe.warmupLearningRate() > 0, 0, 0, 0);
        return new Progress(0, 0, 0, 0, true, warmup, 0, 0, 0, 0, 0, 0);
    }

    /**
     * After one more minibatch.
     *
     * @param loss mean over its images
     * @param lastOfEpoch whether it ends the epoch
     * @param lastOfRun whether it ends the run
     * @param time seconds that it took
     * @param rate the learning rate that it was trained with
     */
    Progress after(
            double loss, int batchCorrect, int size, boolean lastOfEpoch, boolean lastOfRun, double time, double rate) {
        return new Progress(
                iteration + 1,
                lastOfEpoch ? epoch + 1 : epoch,
                lastOfEpoch ? 0 : batch + 1,
                rows,
                lastOfEpoch || lastOfRun,
                warmup.after(batchCorrect, size),
                lossSum + loss * size,
                correct + batchCorrect,
                images + size,
                seconds + time,
                epochSeconds + time,
                rate);
    }

    /**
     * After the evaluation. The sums of an epoch that the run ended in are kept: should the run be extended, the epoch
     * goes on as if it had never ended.
     */
    Progress evaluated() {
        boolean whole = batch == 0;
        return new Progress(
                iteration,
                epoch,
                batch,
                whole ? rows + 1 : rows,
                false,
                warmup,
                whole ? 0 : lossSum,
                whole ? 0 : correct,
                whole ? 0 : images,
                seconds,
                whole ? 0 : epochSeconds,
                learningRate);
    }

    /**
     * As it must be to go on to a later end: the evaluation of an end in the middle of an epoch is no longer due.
     */
    Progress goingOnTo(long lastIteration) {
        boolean due = evaluationDue && (batch == 0 || iteration == lastIteration);
        return new Progress(
                iteration,
                epoch,
                batch,
                rows,
                due,
                warmup,
                lossSum,
                correct,
                images,
                seconds,
                epochSeconds,
                learningRate);
    }

    /** To be evaluated at this iteration once more: its row of metrics was lost. */
    Progress unevaluated() {
        return new Progress(
                iteration,
                epoch,
                batch,
                rows,
                true,
                warmup,
                lossSum,
                correct,
                images,
                seconds,
                epochSeconds,
                learningRate);
    }

    /** The number of the epoch that has ended or is under way, from 1; 0 before the first minibatch. */
    public int epochNumber() {
        return batch == 0 ? epoch : epoch + 1;
    }

    /** Mean loss per image of this epoch's images as they were trained on; NaN where there are none. */
    public double trainLoss() {
        return lossSum / images;
    }

    /** Percent of this epoch's images whose class was found as they were trained on; NaN where there are none. */
    public double trainAccuracy() {
        return 100.0 * correct / images;
    }

    public double imagesPerSecond() {
        return images / epochSeconds;
    }
}
