package dev.residual.run;

import static dev.residual.ResidualException.require;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.residual.Json;
import dev.residual.recipe.Schedule;
import java.util.List;

/**
 * How far a run has come. With the network's weights, the optimizer's state and the configuration it is all that decides
 * how the run goes on; a checkpoint holds it.
 *
 * @param epochSums of the epoch that is under way
 * @param warmup whether the learning rate is still that of the warm-up, and what it is waiting for
 * @param evaluationDue whether the network must be evaluated before training goes on
 * @param evaluations those that are done
 * @param rows rows of metrics for whole epochs, that of the untrained network included
 * @param seconds spent in training, evaluations and checkpoints not counted
 * @param learningRate of the last minibatch; 0 before the first
 */
public record Progress(
        Position position,
        Sums epochSums,
        Warmup warmup,
        boolean evaluationDue,
        Evaluations evaluations,
        int rows,
        double seconds,
        double learningRate) {
    private static final int FORMAT = 2;

    public Progress {
        require(rows >= 0, rows + " rows of metrics");
    }

    /**
     * @param iteration minibatches trained on
     * @param epoch whole epochs trained on
     * @param batch minibatches trained on in the epoch that is under way
     */
    public record Position(long iteration, int epoch, int batch) {
        public Position {
            require(
                    batch >= 0 && epoch >= 0 && iteration >= (long) epoch + batch,
                    "iteration " + iteration + " cannot be number " + batch + " of epoch " + epoch);
        }

        private Position next(boolean lastOfEpoch) {
            return new Position(iteration + 1, lastOfEpoch ? epoch + 1 : epoch, lastOfEpoch ? 0 : batch + 1);
        }
    }

    /**
     * What is summed up over an epoch's minibatches as they are trained on.
     *
     * @param loss of all images
     * @param correct images whose class was found
     * @param images trained on
     */
    public record Sums(double loss, long correct, long images, double seconds) {
        public Sums {
            require(correct >= 0 && images >= correct, correct + " of " + images + " images cannot be correct");
        }

        static final Sums NONE = new Sums(0, 0, 0, 0);

        private Sums with(Step step) {
            return new Sums(
                    loss + step.loss * step.images,
                    correct + step.correct,
                    images + step.images,
                    seconds + step.seconds);
        }
    }

    /**
     * One minibatch, trained on.
     *
     * @param loss mean over its images
     * @param correct images whose class was found
     * @param lastOfEpoch whether it ends the epoch
     * @param seconds that it took
     * @param learningRate that it was trained with
     */
    public record Step(
            double loss, int correct, int images, boolean lastOfEpoch, double seconds, double learningRate) {}

    /**
     * The paper's warm-up ends when "the training error is below 80 %". The error is measured over windows of minibatches
     * that follow each other.
     *
     * @param batches minibatches in the window that is under way
     */
    public record Warmup(boolean on, int batches, long correct, long images) {
        /** The paper's warm-up took "about 400 iterations", so a quarter of that sees the end soon enough. */
        public static final int WINDOW = 100;

        private static final double ERROR = 0.8;

        public Warmup {
            require(correct >= 0 && images >= correct, correct + " of " + images + " images cannot be correct");
            require(batches >= 0 && batches < WINDOW, batches + " minibatches in a window of " + WINDOW);
        }

        private Warmup after(Step step) {
            if (!on) {
                return this;
            }
            long correct = this.correct + step.correct;
            long images = this.images + step.images;
            if (batches + 1 < WINDOW) {
                return new Warmup(true, batches + 1, correct, images);
            }
            boolean learned = 1 - (double) correct / images < ERROR;
            return new Warmup(!learned, 0, 0, 0);
        }
    }

    /**
     * The evaluations so far.
     *
     * @param count how many there were
     * @param bestEpoch the first of those with the best validation accuracy; 0 before there is one
     * @param bestAccuracy of it, in percent; -1 before there is one
     */
    public record Evaluations(int count, int bestEpoch, double bestAccuracy) {
        static final Evaluations NONE = new Evaluations(0, 0, -1);

        public Evaluations {
            require(count >= 0, count + " evaluations");
        }

        private Evaluations with(int epoch, double accuracy) {
            return accuracy > bestAccuracy
                    ? new Evaluations(count + 1, epoch, accuracy)
                    : new Evaluations(count + 1, bestEpoch, bestAccuracy);
        }
    }

    public static Progress start(Schedule schedule) {
        Warmup warmup = new Warmup(schedule.warmsUp(), 0, 0, 0);
        return new Progress(new Position(0, 0, 0), Sums.NONE, warmup, true, Evaluations.NONE, 0, 0, 0);
    }

    /** @param lastOfRun whether the minibatch ends the run */
    public Progress after(Step step, boolean lastOfRun) {
        return new Progress(
                position.next(step.lastOfEpoch),
                epochSums.with(step),
                warmup.after(step),
                step.lastOfEpoch || lastOfRun,
                evaluations,
                rows,
                seconds + step.seconds,
                step.learningRate);
    }

    /**
     * After the evaluation. The sums of an epoch that the run ended in are kept: should the run be extended, the epoch
     * goes on as if it had never ended.
     *
     * @param validationAccuracy in percent; NaN where nothing is held out
     */
    public Progress evaluated(double validationAccuracy) {
        boolean whole = position.batch == 0;
        return new Progress(
                position,
                whole ? Sums.NONE : epochSums,
                warmup,
                false,
                evaluations.with(epochNumber(), validationAccuracy),
                whole ? rows + 1 : rows,
                seconds,
                learningRate);
    }

    /** Whether the validation accuracy is better than all before. */
    public boolean isBest(double validationAccuracy) {
        return validationAccuracy > evaluations.bestAccuracy;
    }

    /** Whether the validation accuracy has not risen for so many whole epochs. */
    public boolean isOutOfPatience(int patience) {
        return patience > 0 && !evaluationDue && position.epoch - evaluations.bestEpoch >= patience;
    }

    /**
     * For a run that is extended: the evaluation at its old end, in the middle of an epoch, is no longer due.
     */
    public Progress goingOnTo(long lastIteration) {
        return withEvaluationDue(evaluationDue && (position.batch == 0 || position.iteration == lastIteration));
    }

    /** Undoes the last evaluation, which is due again; the best one found is kept. */
    public Progress beforeItsEvaluation() {
        Evaluations fewer = new Evaluations(evaluations.count - 1, evaluations.bestEpoch, evaluations.bestAccuracy);
        int before = position.batch == 0 ? rows - 1 : rows;
        return new Progress(position, epochSums, warmup, true, fewer, before, seconds, learningRate);
    }

    private Progress withEvaluationDue(boolean due) {
        return new Progress(position, epochSums, warmup, due, evaluations, rows, seconds, learningRate);
    }

    /** Minibatches trained on. */
    public long iteration() {
        return position.iteration;
    }

    /** The number of the epoch that has ended or is under way, from 1; 0 before the first minibatch. */
    public int epochNumber() {
        return position.batch == 0 ? position.epoch : position.epoch + 1;
    }

    /** Of this epoch's images as they were trained on; without values where there are none. */
    public Score trainingScore() {
        return new Score(epochSums.loss / epochSums.images, 100.0 * epochSums.correct / epochSums.images);
    }

    public double imagesPerSecond() {
        return epochSums.images / epochSums.seconds;
    }

    String json() {
        return Json.pretty(Json.versioned(this, FORMAT)) + "\n";
    }

    static Progress read(String json, String file) {
        return Json.readVersioned(json, Progress.class, file, List.of(Progress::toFormat2));
    }

    /** Format 1, that of 0.1.0, was flat. */
    private static ObjectNode toFormat2(ObjectNode old) {
        ObjectNode progress = Json.object();
        ObjectNode position = progress.putObject("position");
        List.of("iteration", "epoch", "batch").forEach(key -> position.set(key, old.get(key)));
        ObjectNode sums = progress.putObject("epochSums");
        sums.set("loss", old.get("lossSum"));
        sums.set("correct", old.get("correct"));
        sums.set("images", old.get("images"));
        sums.set("seconds", old.get("epochSeconds"));
        ObjectNode evaluations = progress.putObject("evaluations");
        evaluations.set("count", old.get("rows"));
        evaluations.put("bestEpoch", 0);
        evaluations.put("bestAccuracy", -1.0);
        List.of("warmup", "evaluationDue", "rows", "seconds", "learningRate")
                .forEach(key -> progress.set(key, old.get(key)));
        return progress;
    }
}
