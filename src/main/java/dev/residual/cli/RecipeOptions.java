package dev.residual.cli;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.Augmentation;
import dev.residual.data.Normalization;
import dev.residual.model.Architecture;
import dev.residual.train.Recipe;
import dev.residual.train.Recipe.Decayed;
import dev.residual.train.Recipe.OptimizerKind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** A recipe by name, and each of its fields as an option. */
final class RecipeOptions {
    /** PyTorch's default for Adam, and what the article began with. */
    private static final double ADAM_LEARNING_RATE = 1e-3;

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
            description = "Minibatches to train on; the learning-rate drops move in proportion. Default: 64000.")
    Long iterations;

    @Option(names = "--optimizer", paramLabel = "NAME", description = "sgd or adam. Default: sgd.")
    OptimizerKind optimizer;

    @Option(names = "--learning-rate", paramLabel = "X", description = "Default: 0.1; with adam 0.001.")
    Double learningRate;

    @Option(names = "--momentum", paramLabel = "X", description = "Of SGD. Default: 0.9.")
    Double momentum;

    @Option(names = "--weight-decay", paramLabel = "X", description = "Default: paper 1e-4, article 5e-4.")
    Double weightDecay;

    @Option(
            names = "--decayed",
            paramLabel = "WHAT",
            description = "What weight decay applies to: all, or weights (not BN's numbers and biases). Default: all.")
    Decayed decayed;

    @Option(names = "--batch-size", paramLabel = "N", description = "Images a minibatch. Default: 128.")
    Integer batchSize;

    @Option(
            names = "--drops",
            paramLabel = "N",
            split = ",",
            description = "Iterations before which the learning rate drops. Default: paper 32000,48000;"
                    + " article 32000,48000,52000,56000; in proportion to --iterations.")
    List<Long> drops;

    @Option(names = "--drop-factor", paramLabel = "X", description = "What a drop multiplies by. Default: 0.1.")
    Double dropFactor;

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

    @Option(names = "--shuffle", negatable = true, description = "A new order each epoch. Default: yes.")
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

    Recipe recipe(Architecture architecture) {
        Recipe base =
                switch (recipe) {
                    case "paper" -> Recipe.paper(architecture);
                    case "article" -> Recipe.article();
                    default -> throw new ResidualException("no recipe '" + recipe + "': expected paper or article");
                };
        if (optimizer == OptimizerKind.ADAM) {
            base = Json.with(base, Map.of("learningRate", ADAM_LEARNING_RATE));
        }
        Recipe scaled = iterations == null ? base : base.withIterations(iterations);
        Map<String, Object> changes = new HashMap<>();
        changes.put("optimizer", optimizer);
        changes.put("learningRate", learningRate);
        changes.put("momentum", momentum);
        changes.put("weightDecay", weightDecay);
        changes.put("decayed", decayed);
        changes.put("batchSize", batchSize);
        changes.put("drops", drops);
        changes.put("dropFactor", dropFactor);
        changes.put("warmupLearningRate", warmupLearningRate);
        changes.put("wholeEpochs", wholeEpochs);
        changes.put("maxEpochs", maxEpochs);
        changes.put("shuffle", shuffle);
        changes.put("augmentation", augmentation);
        changes.put("normalization", normalization);
        changes.put("evaluateTraining", evaluateTraining);
        changes.put("evalMode", evalMode);
        changes.values().removeIf(v -> v == null);
        return Json.with(scaled, changes);
    }
}
