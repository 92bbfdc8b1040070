package dev.residual.recipe;

import dev.residual.ResidualException;
import dev.residual.data.Augmentation;
import dev.residual.data.Batches;
import dev.residual.data.Normalization;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Optimizer.Decay;
import dev.residual.recipe.Optimizer.Sgd;
import dev.residual.recipe.Schedule.OneCycle;
import dev.residual.recipe.Schedule.Steps;
import java.util.List;

/**
 * How a network is trained: everything that decides the results, apart from the network, the data and the seed.
 *
 * @param name {@code paper}, {@code article} or {@code quick}: what it started from, before options changed it
 */
public record Recipe(
        String name,
        Optimizer optimizer,
        Schedule schedule,
        Regularization regularization,
        Length length,
        Images images,
        Evaluations evaluations) {
    /** From this depth on the paper warms up: 0.1 "is slightly too large to start converging" for its ResNet-110. */
    private static final int WARM_UP_DEPTH = 110;

    /**
     * Regularisation besides weight decay and augmentation.
     *
     * @param labelSmoothing the part of each label that all classes share alike (Szegedy et al.: Rethinking the Inception
     *     Architecture, 2016), as PyTorch's CrossEntropyLoss has it; 0 is none
     * @param clipGradNorm the largest norm of all gradients together (Pascanu et al.: On the Difficulty of Training
     *     Recurrent Neural Networks, 2013), as PyTorch's {@code clip_grad_norm_} has it; 0 is no limit
     * @param ema the decay of an exponential moving average of the weights and of BN's statistics, which is what is then
     *     evaluated and saved (Polyak, Juditsky 1992; PyTorch's AveragedModel with {@code use_buffers}); 0 is none
     */
    public record Regularization(double labelSmoothing, double clipGradNorm, double ema) {
        public static final Regularization NONE = new Regularization(0, 0, 0);

        public Regularization {
            ResidualException.require(
                    labelSmoothing >= 0 && labelSmoothing < 1,
                    "label smoothing " + labelSmoothing + ": expected from 0 to below 1");
            ResidualException.require(
                    clipGradNorm >= 0 && clipGradNorm < 1e9, "clip grad norm " + clipGradNorm + ": expected 0 or more");
            ResidualException.require(ema >= 0 && ema < 1, "ema " + ema + ": expected from 0 to below 1");
        }

        public boolean averages() {
            return ema > 0;
        }
    }

    /**
     * How long a run is.
     *
     * @param iterations minibatches in all
     * @param wholeEpochs whether the last epoch is finished although it goes beyond {@code iterations}
     * @param maxEpochs the run ends here at the latest; 0 is no limit
     * @param patience the run ends after so many epochs in which the validation accuracy has not risen; 0 is never
     */
    public record Length(long iterations, boolean wholeEpochs, int maxEpochs, int patience) {
        private static final int UNLIMITED = 0;
        private static final long MAX_ITERATIONS = 1_000_000_000;

        public Length {
            ResidualException.require(
                    iterations >= 1 && iterations <= MAX_ITERATIONS,
                    "iterations " + iterations + ": expected 1 to " + MAX_ITERATIONS);
            ResidualException.require(maxEpochs >= 0, "max epochs " + maxEpochs + ": expected 0 or more");
            ResidualException.require(patience >= 0, "patience " + patience + ": expected 0 or more epochs");
        }

        /** The iterations that a run really has. */
        public long last(int batchesPerEpoch) {
            long last = iterations;
            if (wholeEpochs) {
                last = (iterations + batchesPerEpoch - 1) / batchesPerEpoch * batchesPerEpoch;
            }
            return maxEpochs == UNLIMITED ? last : Math.min(last, (long) maxEpochs * batchesPerEpoch);
        }
    }

    /**
     * The input: minibatches, augmentation, normalisation, and how much each class counts.
     *
     * @param batchSize images in a minibatch; the last one of an epoch may be smaller
     * @param shuffle whether each epoch has an order of its own
     */
    public record Images(
            int batchSize,
            boolean shuffle,
            Augmentation augmentation,
            Normalization.Kind normalization,
            ClassWeights classWeights) {
        public static final int MAX_BATCH = 65_536;

        /** So that their iterations are no more than a recipe can have. */
        private static final int MAX_EPOCHS = 10_000;

        public Images {
            ResidualException.require(
                    batchSize >= 1 && batchSize <= MAX_BATCH,
                    "batch size " + batchSize + ": expected 1 to " + MAX_BATCH);
        }

        /** The minibatches of so many epochs. */
        public long iterations(int epochs, int trainingImages) {
            ResidualException.require(
                    epochs >= 1 && epochs <= MAX_EPOCHS, "epochs " + epochs + ": expected 1 to " + MAX_EPOCHS);
            ResidualException.require(
                    trainingImages >= 1, "epochs " + epochs + ": expected at least one training image, there is none");
            return (long) epochs * Batches.perEpoch(trainingImages, batchSize);
        }

        public Images withBatchSize(int size) {
            return new Images(size, shuffle, augmentation, normalization, classWeights);
        }

        public Images withShuffle(boolean each) {
            return new Images(batchSize, each, augmentation, normalization, classWeights);
        }

        public Images withAugmentation(Augmentation other) {
            return new Images(batchSize, shuffle, other, normalization, classWeights);
        }

        public Images withNormalization(Normalization.Kind kind) {
            return new Images(batchSize, shuffle, augmentation, kind, classWeights);
        }

        public Images withClassWeights(ClassWeights weights) {
            return new Images(batchSize, shuffle, augmentation, normalization, weights);
        }
    }

    /**
     * The evaluation at each epoch's end.
     *
     * @param training whether the whole training set is evaluated, besides the test set
     * @param evalMode whether BN uses its running statistics, as it should. Without, it uses those of each evaluated batch,
     *     which also move the running ones, and training images are evaluated as they are trained on: augmented. The
     *     article's code does so, since it never calls {@code net.eval()}
     */
    public record Evaluations(boolean training, boolean evalMode) {}

    public Recipe {
        ResidualException.require(
                evaluations.evalMode || !regularization.averages(),
                "ema " + regularization.ema + " without eval mode: expected one of the two, since an average has no"
                        + " training mode");
    }

    /**
     * The paper's section 4.2: "We use a weight decay of 0.0001 and momentum of 0.9 … with a minibatch size of 128 …
     * start with a learning rate of 0.1, divide it by 10 at 32k and 48k iterations, and terminate training at 64k
     * iterations." For ResNet-110: "we use 0.01 to warm up the training until the training error is below 80 % (about 400
     * iterations), and then go back to 0.1 and continue training."
     */
    public static Recipe paper(Architecture architecture) {
        double warmup = architecture.depth() >= WARM_UP_DEPTH ? 0.01 : 0;
        return new Recipe(
                "paper",
                new Sgd(0.9, false, new Decay(1e-4, Decay.On.ALL)),
                new Steps(0.1, List.of(32_000L, 48_000L), 0.1, 0, warmup),
                Regularization.NONE,
                new Length(64_000, false, 0, 0),
                new Images(128, true, Augmentation.CROP_FLIP, Normalization.Kind.PIXEL_MEAN, ClassWeights.NONE),
                new Evaluations(false, true));
    }

    /**
     * The recipe of the code of the article "ResNet 实现Cifar-10 识别(PyTorch)以及一点思考", which is more than its text says.
     */
    public static Recipe article() {
        return new Recipe(
                "article",
                new Sgd(0.9, false, new Decay(5e-4, Decay.On.ALL)),
                new Steps(0.1, List.of(32_000L, 48_000L, 52_000L, 56_000L), 0.1, 0, 0),
                Regularization.NONE,
                new Length(64_000, true, 200, 0),
                new Images(128, true, Augmentation.CROP_FLIP, Normalization.Kind.NONE, ClassWeights.NONE),
                new Evaluations(true, false));
    }

    /** @throws ResidualException when there is none of that name */
    public static Recipe named(String name, Architecture architecture) {
        return switch (name) {
            case "paper" -> paper(architecture);
            case "article" -> article();
            case "quick" -> quick();
            default -> throw new ResidualException("no recipe '" + name + "': expected paper, article or quick");
        };
    }

    /**
     * An eighth of the paper's iterations (20.5 epochs), with what others found to help short runs: ResNet-20 reaches 89.5
     * to 90.0 % on CIFAR-10. Each part of it is an option of its own; the sources are in {@code docs/recipes.md}.
     */
    public static Recipe quick() {
        long iterations = 8_000;
        return new Recipe(
                "quick",
                new Sgd(0.9, true, new Decay(5e-4, Decay.On.WEIGHTS)),
                new OneCycle(0.2, iterations, Math.round(OneCycle.RISE * iterations)),
                new Regularization(0.1, 0, 0.999),
                new Length(iterations, false, 0, 0),
                new Images(
                        128,
                        true,
                        new Augmentation(Augmentation.Kind.CROP_ALTERNATING_FLIP, 0, 0),
                        Normalization.Kind.CHANNEL,
                        ClassWeights.NONE),
                new Evaluations(false, true));
    }

    /** Keeps the learning rate: Adam and AdamW need a smaller one, their {@link Optimizer#defaultLearningRate}. */
    public Recipe withOptimizer(Optimizer other) {
        return new Recipe(name, other, schedule, regularization, length, images, evaluations);
    }

    public Recipe withSchedule(Schedule other) {
        return new Recipe(name, optimizer, other, regularization, length, images, evaluations);
    }

    public Recipe withLearningRate(double rate) {
        return withSchedule(schedule.withLearningRate(rate));
    }

    public Recipe withRegularization(Regularization other) {
        return new Recipe(name, optimizer, schedule, other, length, images, evaluations);
    }

    public Recipe withLength(Length other) {
        return new Recipe(name, optimizer, schedule, regularization, other, images, evaluations);
    }

    public Recipe withImages(Images other) {
        return new Recipe(name, optimizer, schedule, regularization, length, other, evaluations);
    }

    public Recipe withEvaluations(Evaluations other) {
        return new Recipe(name, optimizer, schedule, regularization, length, images, other);
    }

    /** Shorter or longer; the schedule is stretched with it. */
    public Recipe withIterations(long count) {
        return withIterations(count, 0);
    }

    /**
     * The same in epochs.
     *
     * @param trainingImages in one epoch
     */
    public Recipe withEpochs(int epochs, int trainingImages) {
        return withIterations(images.iterations(epochs, trainingImages));
    }

    /** The same for a run that has {@code done} iterations behind it. */
    public Recipe withIterations(long count, long done) {
        return withSchedule(schedule.stretched(length.iterations, count, done))
                .withLength(new Length(count, length.wholeEpochs, length.maxEpochs, length.patience));
    }
}
