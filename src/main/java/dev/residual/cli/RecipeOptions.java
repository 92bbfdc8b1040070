package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Augmentation;
import dev.residual.data.Batches;
import dev.residual.data.Normalization;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Optimizer;
import dev.residual.recipe.Optimizer.Adam;
import dev.residual.recipe.Optimizer.Decay;
import dev.residual.recipe.Optimizer.Sgd;
import dev.residual.recipe.Recipe;
import dev.residual.recipe.Recipe.Evaluations;
import dev.residual.recipe.Recipe.Length;
import dev.residual.recipe.Schedule;
import dev.residual.recipe.Schedule.Steps;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Option;

/** A recipe by name, and each of its fields as an option. */
final class RecipeOptions {
    /** The optimizers by name. */
    enum OptimizerKind {
        SGD,
        ADAM;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** So that their iterations are no more than a recipe can have. */
    private static final int MAX_EPOCHS = 10_000;

    @Option(
            names = "--recipe",
            paramLabel = "NAME",
            defaultValue = "paper",
            description = "paper (section 4.2 of He et al. 2015) or article (what the article's code does)."
                    + " Default: ${DEFAULT-VALUE}.")
    String recipe;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            description = "Minibatches to train on; the learning rate's milestones move in proportion. Default: 64000.")
    Long iterations;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "The same in passes through the training images: 391 iterations each for CIFAR in"
                    + " mini-batches of 128.")
    Integer epochs;

    @Option(
            names = {"--optimizer", "--opt"},
            paramLabel = "NAME",
            description = "sgd or adam. Default: sgd.")
    OptimizerKind optimizer;

    @Option(
            names = {"--lr", "--learning-rate"},
            paramLabel = "X",
            description = "Default: 0.1; with adam 0.001.")
    Double learningRate;

    @Option(names = "--momentum", paramLabel = "X", description = "SGD momentum. Default: 0.9.")
    Double momentum;

    @Option(
            names = {"--wd", "--weight-decay"},
            paramLabel = "X",
            description = "Default: paper 1e-4, article 5e-4.")
    Double weightDecay;

    @Option(
            names = "--weight-decay-on",
            paramLabel = "WHAT",
            description = "What weight decay applies to: all, or weights (neither BN's parameters nor biases)."
                    + " Default: all.")
    Decay.On weightDecayOn;

    @Option(
            names = {"-b", "--batch-size"},
            paramLabel = "N",
            description = "Mini-batch size. Default: 128.")
    Integer batchSize;

    @Option(
            names = "--milestones",
            paramLabel = "N",
            split = ",",
            description = "Iterations before which the learning rate is multiplied by --gamma. Default: paper"
                    + " 32000,48000; article 32000,48000,52000,56000; in proportion to --iterations.")
    List<Long> milestones;

    @Option(
            names = "--gamma",
            paramLabel = "X",
            description = "What the learning rate is multiplied by at each milestone. Default: 0.1.")
    Double gamma;

    @Option(
            names = "--warmup-learning-rate",
            paramLabel = "X",
            description = "Learning rate until the training error is below 80 %%; 0 is no warm-up."
                    + " Default: paper 0.01 from 110 layers on, otherwise 0.")
    Double warmupLearningRate;

    @Option(
            names = "--whole-epochs",
            negatable = true,
            description = "Finish the last epoch. Default: paper no, article yes.")
    Boolean wholeEpochs;

    @Option(
            names = "--max-epochs",
            paramLabel = "N",
            description = "End here at the latest; 0 is no limit. Default: paper 0, article 200.")
    Integer maxEpochs;

    @Option(names = "--shuffle", negatable = true, description = "Reshuffle every epoch. Default: yes.")
    Boolean shuffle;

    @Option(
            names = "--augmentation",
            paramLabel = "NAME",
            description = "none, crop, flip or crop-flip. Default: crop-flip.")
    Augmentation augmentation;

    @Option(
            names = "--normalization",
            paramLabel = "NAME",
            description = "none, channel or pixel-mean. Default: paper pixel-mean, article none.")
    Normalization.Kind normalization;

    @Option(
            names = "--evaluate-training",
            negatable = true,
            description = "Evaluate the whole training set at each epoch's end too. Default: paper no, article yes.")
    Boolean evaluateTraining;

    @Option(
            names = "--eval-mode",
            negatable = true,
            description = "Evaluate with BN's running statistics. Default: paper yes, article no (its code never calls"
                    + " eval()).")
    Boolean evalMode;

    /** @param trainingImages what an epoch is, for --epochs */
    Recipe recipe(Architecture architecture, int trainingImages) {
        ResidualException.require(
                iterations == null || epochs == null, "--epochs and --iterations say the same: give one of them");
        Recipe base = Recipe.named(recipe, architecture);
        Recipe scaled = base.withLength(length(base.length()));
        if (iterations != null || epochs != null) {
            scaled = scaled.withIterations(
                    iterations == null
                            ? iterations(
                                    trainingImages, or(batchSize, base.images().batchSize()))
                            : iterations);
        }
        Optimizer changed = optimizer(base.optimizer());
        return scaled.withOptimizer(changed)
                .withSchedule(schedule((Steps) scaled.schedule(), changed))
                .withImages(images(base.images()))
                .withEvaluations(new Evaluations(
                        or(evaluateTraining, base.evaluations().training()),
                        or(evalMode, base.evaluations().evalMode())));
    }

    private long iterations(int trainingImages, int batch) {
        ResidualException.require(
                epochs >= 1 && epochs <= MAX_EPOCHS, "epochs " + epochs + ": expected 1 to " + MAX_EPOCHS);
        return (long) epochs * Batches.perEpoch(trainingImages, batch);
    }

    private static <T> T or(T given, T otherwise) {
        return given == null ? otherwise : given;
    }

    private Length length(Length base) {
        return new Length(base.iterations(), or(wholeEpochs, base.wholeEpochs()), or(maxEpochs, base.maxEpochs()));
    }

    private Optimizer optimizer(Optimizer base) {
        Decay decay = new Decay(
                or(weightDecay, base.decay().factor()),
                or(weightDecayOn, base.decay().on()));
        OptimizerKind kind = or(optimizer, OptimizerKind.SGD);
        if (kind == OptimizerKind.ADAM) {
            ResidualException.require(momentum == null, "--momentum is for SGD; Adam has its own constants");
            return new Adam(decay);
        }
        return new Sgd(or(momentum, ((Sgd) base).momentum()), decay);
    }

    private Schedule schedule(Steps base, Optimizer chosen) {
        double rate = optimizer == null ? base.learningRate() : chosen.defaultLearningRate();
        Steps changed = base.withLearningRate(or(learningRate, rate))
                .withGamma(or(gamma, base.gamma()))
                .withWarmup(or(warmupLearningRate, base.warmup()));
        return milestones == null ? changed : changed.withMilestones(milestones);
    }

    private Recipe.Images images(Recipe.Images base) {
        return new Recipe.Images(
                or(batchSize, base.batchSize()),
                or(shuffle, base.shuffle()),
                or(augmentation, base.augmentation()),
                or(normalization, base.normalization()));
    }
}
