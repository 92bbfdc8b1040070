package dev.residual.train;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.Augmentation;
import dev.residual.data.Normalization;
import dev.residual.model.Architecture;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How a network is trained: everything that decides the numbers, apart from the network, the data and the seed.
 *
 * @param name {@code paper} or {@code article}: where it started from, before options changed it
 * @param optimizer SGD with momentum, or Adam
 * @param learningRate of the first iteration, after a warm-up if there is one
 * @param momentum of SGD; Adam has its own constants
 * @param weightDecay the factor of the squared norm's gradient, added to the gradient (L2)
 * @param decayed what the decay applies to
 * @param batchSize images a minibatch; the last one of an epoch may be smaller
 * @param iterations minibatches in all
 * @param drops before which iterations (from 0) the learning rate is multiplied by {@code dropFactor}
 * @param warmupLearningRate instead of {@code learningRate} until the training error is below 80 %; 0 is no warm-up
 * @param wholeEpochs whether the last epoch is finished although it goes beyond {@code iterations}
 * @param maxEpochs the run ends here at the latest; 0 is no limit
 * @param shuffle whether each epoch has an order of its own
 * @param evaluateTraining whether the whole training set is evaluated at each epoch's end, besides the test set
 * @param evalMode whether BN uses its running statistics in evaluations, as it should. Without, it uses those of each
 *     evaluated batch, and training images are evaluated as they are trained on: augmented. The article's code does so,
 *     since it never calls {@code net.eval()}
 */
public record Recipe(
        String name,
        OptimizerKind optimizer,
        double learningRate,
        double momentum,
        double weightDecay,
        Decayed decayed,
        int batchSize,
        long iterations,
        List<Long> drops,
        double dropFactor,
        double warmupLearningRate,
        boolean wholeEpochs,
        int maxEpochs,
        boolean shuffle,
        Augmentation augmentation,
        Normalization.Kind normalization,
        boolean evaluateTraining,
        boolean evalMode) {
    /** From this depth on the paper warms up: 0.1 "is slightly too large to start converging" for its ResNet-110. */
    private static final int WARM_UP_DEPTH = 110;

    private static final int UNLIMITED = 0;
    private static final int MAX_BATCH = 65_536;
    private static final long MAX_ITERATIONS = 1_000_000_000;

    public enum OptimizerKind {
        SGD,
        ADAM;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What weight decay applies to. */
    public enum Decayed {
        /** Every trained number, BN's scale and shift too: what Caffe (the paper's) and PyTorch's SGD do by default. */
        ALL,
        /** Filters and the last layer's matrix only. */
        WEIGHTS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Recipe {
        drops = List.copyOf(drops);
        require(learningRate > 0 && learningRate < 1e6, "learning rate " + learningRate + ": expected more than 0");
        require(momentum >= 0 && momentum < 1, "momentum " + momentum + ": expected from 0 to below 1");
        require(weightDecay >= 0 && weightDecay < 1, "weight decay " + weightDecay + ": expected from 0 to below 1");
        require(batchSize >= 1 && batchSize <= MAX_BATCH, "batch size " + batchSize + ": expected 1 to " + MAX_BATCH);
        require(
                iterations >= 1 && iterations <= MAX_ITERATIONS,
                "iterations " + iterations + ": expected 1 to " + MAX_ITERATIONS);
        require(dropFactor > 0 && dropFactor <= 1, "drop factor " + dropFactor + ": expected more than 0, at most 1");
        require(warmupLearningRate >= 0, "warm-up learning rate " + warmupLearningRate + ": expected 0 or more");
        require(maxEpochs >= 0, "max epochs " + maxEpochs + ": expected 0 or more");
        for (int i = 0; i < drops.size(); i++) {
            require(
                    drops.get(i) >= 1 && (i == 0 || drops.get(i) >= drops.get(i - 1)),
                    "drops " + drops + ": expected iterations in ascending order");
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ResidualException(otherwise);
        }
    }

    /**
     * The paper's section 4.2: "We use a weight decay of 0.0001 and momentum of 0.9 … with a minibatch size of 128 …
     * start with a learning rate of 0.1, divide it by 10 at 32k and 48k iterations, and terminate training at 64k
     * iterations." For ResNet-110: "we use 0.01 to warm up the training until the training error is below 80 % (about 400
     * iterations), and then go back to 0.1 and continue training."
     */
    public static Recipe paper(Architecture architecture) {
        return new Recipe(
                "paper",
                OptimizerKind.SGD,
                0.1,
                0.9,
                1e-4,
                Decayed.ALL,
                128,
                64_000,
                List.of(32_000L, 48_000L),
                0.1,
                architecture.depth() >= WARM_UP_DEPTH ? 0.01 : 0,
                false,
                UNLIMITED,
                true,
                Augmentation.CROP_FLIP,
                Normalization.Kind.PIXEL_MEAN,
                false,
                true);
    }

    /** What the article's code does, which is not all that its text says. */
    public static Recipe article() {
        return new Recipe(
                "article",
                OptimizerKind.SGD,
                0.1,
                0.9,
                5e-4,
                Decayed.ALL,
                128,
                64_000,
                List.of(32_000L, 48_000L, 52_000L, 56_000L),
                0.1,
                0,
                true,
                200,
                true,
                Augmentation.CROP_FLIP,
                Normalization.Kind.NONE,
                true,
                false);
    }

    /** Shorter or longer: the drops move in proportion. */
    public Recipe withIterations(long count) {
        return withIterations(count, 0);
    }

    /**
     * Longer or shorter, for a run that has {@code done} iterations behind it: drops that have come stay, those that are
     * still to come move in proportion.
     */
    public Recipe withIterations(long count, long done) {
        List<Long> moved = drops.stream()
                .map(d -> d <= done ? d : Math.max(Math.max(1, done), Math.round((double) d * count / iterations)))
                .toList();
        return Json.with(this, Map.of("iterations", count, "drops", moved));
    }

    /** The iterations that a run of this recipe really has. */
    public long lastIteration(int batchesPerEpoch) {
        long last = iterations;
        if (wholeEpochs) {
            last = (iterations + batchesPerEpoch - 1) / batchesPerEpoch * batchesPerEpoch;
        }
        return maxEpochs == UNLIMITED ? last : Math.min(last, (long) maxEpochs * batchesPerEpoch);
    }
}
