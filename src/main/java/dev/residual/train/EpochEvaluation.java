package dev.residual.train;

import dev.residual.backend.Pass.Statistics;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.ImageSet;
import dev.residual.data.Seed;
import dev.residual.data.Split;
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
record EpochEvaluation(Recipe recipe, Split split, long seed) {
    /** Keeps the augmentation of evaluated training images apart from that of trained ones. */
    private static final long EVALUATION = 0x6576616cL; // "eval"

    /**
     * The row of metrics that this epoch ends with. In training mode the order of the sets matters, since the last has the
     * last word on BN's running statistics: as in the article's code, training images come first and test images last.
     *
     * @return empty when it was stopped
     */
    Optional<Metrics> measure(Evaluator evaluator, TrainingNetwork network, Progress p, BooleanSupplier stop) {
        Optional<Score> train = recipe.evaluations().training()
                ? evaluate(evaluator, network, split.train(), trainingOrder(p), stop)
                : Optional.empty();
        Optional<Score> validation = split.validation().size() > 0
                ? evaluate(evaluator, network, split.validation(), Order.PLAIN, stop)
                : Optional.empty();
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

    /** @param order in which images come, where BN makes them depend on each other */
    private Optional<Score> evaluate(
            Evaluator evaluator, TrainingNetwork network, ImageSet images, Order order, BooleanSupplier stop) {
        Optional<Evaluation> evaluation = recipe.evaluations().evalMode()
                ? evaluator.evaluate(images, stop)
                : evaluator.evaluateByBatchStatistics(
                        network, images, order, recipe.images().batchSize(), Statistics.BATCH_AND_UPDATE, stop);
        return evaluation.map(e -> new Score(e.loss(), e.accuracy()));
    }

    /** The article's code evaluates training images through the loader that it trains from. */
    private Order trainingOrder(Progress p) {
        return new Order(
                recipe.images().shuffle(),
                recipe.images().augmentation().withoutMixup(),
                Seed.mix(seed, EVALUATION, p.position().epoch()));
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
