package dev.residual.train;

import dev.residual.backend.Pass.Statistics;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.ImageSet;
import dev.residual.data.Part;
import dev.residual.data.Seed;
import dev.residual.data.Split;
import dev.residual.distributed.ProcessGroup;
import dev.residual.evaluate.Evaluation;
import dev.residual.evaluate.Evaluator;
import dev.residual.nn.TrainingNetwork;
import dev.residual.recipe.Recipe;
import dev.residual.run.Metrics;
import dev.residual.run.Progress;
import dev.residual.run.Score;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** What is measured at the end of each epoch, and how the recipe wants it. */
record EpochEvaluation(Recipe recipe, Split split, long seed, ProcessGroup group) {
    /** Keeps the augmentation of evaluated training images apart from that of trained ones. */
    private static final long EVALUATION = 0x6576616cL; // "eval"

    /**
     * The row of metrics that this epoch ends with. In training mode the order of the sets matters, since each moves
     * BN's running statistics: training images first, test images last, as in the article's code.
     *
     * @return empty when it was stopped
     */
    Optional<Metrics> measure(Evaluator evaluator, TrainingNetwork network, Progress p, BooleanSupplier stop) {
        boolean training = recipe.evaluations().training();
        Optional<Score> train =
                training ? evaluate(evaluator, network, split.train(), trainingOrder(p), stop) : Optional.empty();
        if (training && train.isEmpty()) {
            return Optional.empty(); // whoever asked to stop is waiting for the others
        }
        boolean heldOut = split.validation().size() > 0;
        Optional<Score> validation =
                heldOut ? evaluate(evaluator, network, split.validation(), Order.PLAIN, stop) : Optional.empty();
        if (heldOut && validation.isEmpty()) {
            return Optional.empty();
        }
        Optional<Score> test = evaluate(evaluator, network, split.test(), Order.PLAIN, stop);
        Score trained = p.trainingScore();
        boolean first = p.iteration() == 0;
        return test.map(score -> new Metrics(
                p.epochNumber(),
                p.iteration(),
                first ? recipe.schedule().at(0, p.warmup().on()) : p.learningRate(),
                // As images were trained on, where there were any; accuracy of the whole set, where it is evaluated.
                new Score(
                        Double.isNaN(trained.loss()) ? train.map(Score::loss).orElse(Double.NaN) : trained.loss(),
                        train.map(Score::accuracy).orElse(trained.accuracy())),
                score,
                validation.orElse(Score.NONE),
                new Metrics.Time(p.seconds(), p.imagesPerSecond())));
    }

    /**
     * Each process evaluates its part.
     *
     * @param order in which images come, where BN makes them depend on each other
     */
    private Optional<Score> evaluate(
            Evaluator evaluator, TrainingNetwork network, ImageSet images, Order order, BooleanSupplier stop) {
        Part part = new Part(group.rank(), group.size());
        BooleanSupplier giveUp = () -> stop.getAsBoolean() || group.isBroken();
        int size = recipe.images().batchSize();
        Optional<Evaluation> evaluation = recipe.evaluations().evalMode()
                ? evaluator.evaluate(part.of(images), giveUp)
                : evaluator.evaluateByBatchStatistics(
                        network, images, order, part, size, Statistics.BATCH_AND_UPDATE, giveUp);
        double loss = evaluation
                .filter(e -> e.images() > 0)
                .map(e -> e.loss() * e.images())
                .orElse(0.0);
        double[] sums =
                group.allReduce(loss, evaluation.map(Evaluation::correct).orElse(0), evaluation.isPresent() ? 0 : 1);
        boolean stopped = sums[2] > 0;
        return stopped
                ? Optional.empty()
                : Optional.of(new Score(sums[0] / images.size(), 100.0 * sums[1] / images.size()));
    }

    /** The article's code evaluates training images through the loader that it trains from. */
    private Order trainingOrder(Progress p) {
        return new Order(
                recipe.images().shuffle(),
                recipe.images().augmentation().withoutMixup(),
                Seed.mix(seed, EVALUATION, p.epochNumber()));
    }

    /** PyTorch's {@code num_batches_tracked}: the minibatches of an evaluation in training mode count as well. */
    long batchesTracked(Progress p) {
        if (recipe.evaluations().evalMode()) {
            return p.iteration();
        }
        int size = recipe.images().batchSize();
        long each = Batches.perEpoch(split.test().size(), size)
                + Batches.perEpoch(split.validation().size(), size);
        if (recipe.evaluations().training()) {
            each += Batches.perEpoch(split.train().size(), size);
        }
        return p.iteration() + each * p.evaluations().count();
    }
}
