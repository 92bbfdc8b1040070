package dev.residual.cli;

import dev.residual.data.Augmentation;
import dev.residual.data.Normalization;
import dev.residual.nn.Architecture;
import dev.residual.recipe.ClassWeights;
import dev.residual.recipe.Optimizer.Decay;
import dev.residual.recipe.Recipe;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Option;

/** A recipe by name, and each of its fields as an option. */
final class RecipeOptions {
    /** The optimizers by name. */
    enum OptimizerKind {
        SGD,
        ADAM,
        ADAMW;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The schedules by name. */
    enum ScheduleKind {
        STEPS,
        CONSTANT,
        COSINE,
        ONE_CYCLE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    @Option(
            names = "--recipe",
            paramLabel = "NAME",
            defaultValue = "paper",
            description = "paper (section 4.2 of He et al. 2015), article (what the article's code does) or quick (an"
                    + " eighth of the iterations). Default: ${DEFAULT-VALUE}.")
    String recipe;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            description = "Training iterations (minibatches); the learning rate's milestones scale in proportion."
                    + " Default: 64000; quick 8000.")
    Long iterations;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Training length in epochs instead: 391 iterations each for CIFAR in minibatches of 128.")
    Integer epochs;

    @Option(
            names = {"--optimizer", "--opt"},
            paramLabel = "NAME",
            description = "sgd, adam or adamw. Default: sgd.")
    OptimizerKind optimizer;

    @Option(
            names = {"--lr", "--learning-rate"},
            paramLabel = "X",
            description = "Learning rate. Default: 0.1; quick 0.2; with adam and adamw 0.001.")
    Double learningRate;

    @Option(names = "--momentum", paramLabel = "X", description = "SGD momentum. Default: 0.9.")
    Double momentum;

    @Option(names = "--nesterov", negatable = true, description = "Nesterov momentum. Default: no, quick yes.")
    Boolean nesterov;

    @Option(
            names = {"--wd", "--weight-decay"},
            paramLabel = "X",
            description = "Weight decay. Default: paper 1e-4; article and quick 5e-4; with adamw 0.01.")
    Double weightDecay;

    @Option(
            names = "--weight-decay-on",
            paramLabel = "WHAT",
            description = "What weight decay applies to: all, or weights (neither BN's parameters nor biases)."
                    + " Default: all, quick weights.")
    Decay.On weightDecayOn;

    @Option(
            names = {"-b", "--batch-size"},
            paramLabel = "N",
            description = "Minibatch size. Default: 128.")
    Integer batchSize;

    @Option(
            names = "--clip-grad-norm",
            paramLabel = "X",
            description = "Maximum total norm of the gradients; 0: no clipping. Default: 0.")
    Double clipGradNorm;

    @Option(
            names = "--label-smoothing",
            paramLabel = "X",
            description = "Share of each label spread over all classes. Default: 0, quick 0.1.")
    Double labelSmoothing;

    @Option(
            names = "--ema",
            paramLabel = "X",
            description = "Decay of an exponential moving average of the weights; the average is then evaluated and"
                    + " saved. 0: none. Default: 0, quick 0.999.")
    Double ema;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            description = "Learning rate: steps, constant, cosine or one-cycle. Default: steps, quick one-cycle.")
    ScheduleKind schedule;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            description =
                    "Iterations of linear warm-up; with one-cycle, iterations up to the peak. Default: 0; one-cycle"
                            + " 30 %% of all.")
    Long warmup;

    @Option(
            names = "--milestones",
            paramLabel = "N",
            split = ",",
            description = "Iterations at which the learning rate is multiplied by --gamma. Default: paper"
                    + " 32000,48000; article 32000,48000,52000,56000; in proportion to --iterations.")
    List<Long> milestones;

    @Option(
            names = "--gamma",
            paramLabel = "X",
            description = "Factor applied to the learning rate at each milestone. Default: 0.1.")
    Double gamma;

    @Option(
            names = "--warmup-learning-rate",
            paramLabel = "X",
            description = "Warm-up learning rate, used until the training error is below 80 %%; 0: no warm-up."
                    + " Default: paper 0.01 with 110 layers or more, otherwise 0.")
    Double warmupLearningRate;

    @Option(
            names = "--whole-epochs",
            negatable = true,
            description = "Finish the last epoch. Default: paper no, article yes.")
    Boolean wholeEpochs;

    @Option(
            names = "--max-epochs",
            paramLabel = "N",
            description = "Stop after N epochs at the latest; 0: no limit. Default: paper 0, article 200.")
    Integer maxEpochs;

    @Option(
            names = "--patience",
            paramLabel = "N",
            description = "Stop after N epochs without better validation accuracy (needs --validation); 0: never."
                    + " Default: 0.")
    Integer patience;

    @Option(names = "--shuffle", negatable = true, description = "Reshuffle every epoch. Default: yes.")
    Boolean shuffle;

    @Option(
            names = "--augmentation",
            paramLabel = "NAME",
            description = "none, crop, flip, crop-flip, alternating-flip or crop-alternating-flip. Default: crop-flip,"
                    + " quick crop-alternating-flip.")
    Augmentation.Kind augmentation;

    @Option(
            names = "--cutout",
            paramLabel = "N",
            description = "Side length of a square masked out of each training image (usually 16 on CIFAR-10); 0:"
                    + " none. Default: 0.")
    Integer cutout;

    @Option(
            names = "--mixup",
            paramLabel = "X",
            description = "Alpha of mixup (usually 1 on CIFAR-10); 0: none. Default: 0.")
    Double mixup;

    @Option(
            names = "--normalization",
            paramLabel = "NAME",
            description = "none, channel or pixel-mean. Default: paper pixel-mean, article none, quick channel.")
    Normalization.Kind normalization;

    @Option(
            names = "--class-weights",
            paramLabel = "NAME",
            description = "none, or balanced: give images of rare classes more weight in the loss, so that all"
                    + " classes count equally. Default: none.")
    ClassWeights classWeights;

    @Option(
            names = "--evaluate-training",
            negatable = true,
            description = "Also evaluate the whole training set after each epoch. Default: paper no, article yes.")
    Boolean evaluateTraining;

    @Option(
            names = "--eval-mode",
            negatable = true,
            description = "Evaluate with BN's running statistics. Default: paper yes, article no (its code never calls"
                    + " eval()).")
    Boolean evalMode;

    /** @param trainingImages what an epoch is, for --epochs */
    Recipe recipe(Architecture architecture, int trainingImages) {
        return new AskedRecipe(this).recipe(architecture, trainingImages);
    }
}
