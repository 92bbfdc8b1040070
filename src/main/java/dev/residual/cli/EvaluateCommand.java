package dev.residual.cli;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.backend.Backend;
import dev.residual.data.Dataset;
import dev.residual.data.ImageSet;
import dev.residual.data.Split;
import dev.residual.evaluate.Evaluation;
import dev.residual.evaluate.Evaluator;
import dev.residual.evaluate.Misclassified;
import dev.residual.launch.FoundModel;
import dev.residual.model.Model;
import dev.residual.recipe.Recipe;
import dev.residual.tensor.Precision;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures a model on a data set: accuracy, loss, recall by class, confusion matrix.")
final class EvaluateCommand implements Callable<Integer> {
    /** Which part of the data set. */
    enum Part {
        TRAIN,
        VALIDATION,
        TEST;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int DEFAULT_BATCH = 128;

    /** Class names in a sentence. */
    private static final int SOME = 3;

    /** Columns of a terminal, into which a confusion matrix must fit. */
    private static final int COLUMNS = 80;

    @Parameters(paramLabel = "MODEL", description = Main.MODEL)
    private Path path;

    @Mixin
    private DataOptions data = new DataOptions();

    @Option(
            names = "--split",
            paramLabel = "PART",
            defaultValue = "test",
            description = "train, validation (what the run held out) or test. Default: ${DEFAULT-VALUE}.")
    private Part part;

    @Mixin
    private ThreadsOption threads = new ThreadsOption();

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            description = "auto, fp32 or bf16. Default: the one the network was trained in.")
    private String precision;

    @Mixin
    private BackendOption backend = new BackendOption();

    @Option(
            names = "--batch-statistics",
            description =
                    "Evaluate BN with each batch's own statistics, as in training mode (without net.eval()), images"
                            + " in the data set's order. Default: with running statistics.")
    private boolean batchStatistics;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            description =
                    "Batch size for --batch-statistics; the last batch may be smaller. Default: the one the network"
                            + " was trained with, or 128.")
    private Integer batchSize;

    @Option(
            names = "--misclassified",
            paramLabel = "FILE",
            description =
                    "Write each wrongly classified image to a CSV or JSON file: its name or number, its class, the"
                            + " predicted class and its probability.")
    private Path misclassified;

    @Option(names = "--json", description = "Print one JSON document and nothing else.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Console console = new Console();
        UsageErrors.of(spec, () -> {
            Precision.requireName(precision == null ? "auto" : precision);
            Backend.requireName(backend.name());
            threads.require();
            data.require();
            ResidualException.require(
                    batchSize == null || batchStatistics && batchSize >= 1 && batchSize <= Recipe.Images.MAX_BATCH,
                    batchStatistics
                            ? "--batch-size " + batchSize + ": expected 1 to " + Recipe.Images.MAX_BATCH
                            : "--batch-size is for --batch-statistics: otherwise no image depends on others");
            if (misclassified != null) {
                Misclassified.requireForm(misclassified);
            }
            return precision;
        });
        FoundModel found = FoundModel.find(path, console::warn);
        Model model = found.model();
        int side = model.architecture().image().height();
        Dataset dataset = part == Part.TEST
                ? data.loadTest(found.data(), side, threads.count(), console)
                : data.load(found.data(), side, threads.count(), console);
        if (!dataset.classes().equals(model.card().classes())) {
            throw new ResidualException(
                    path + " was trained on " + some(model.card().classes()) + ", but " + dataset.name() + " has "
                            + some(dataset.classes()) + ": --dataset and --data choose another");
        }
        ResidualException.require(
                dataset.test().side() == side,
                path + " is for images of " + side + "×" + side + " pixels, those of " + dataset.name() + " have "
                        + dataset.test().side() + "×" + dataset.test().side());
        FoundModel.checkTestImages(found.data(), dataset, console::warn);
        ImageSet images = images(dataset, found);
        ResidualException.require(
                images.size() > 0, dataset.name() + " has no images to evaluate on: " + dataset.source());
        Evaluator evaluator = Evaluator.of(model, compute(model));
        int batch = batchStatistics ? batchSize(model) : 0;
        Evaluation evaluation =
                batch > 0 ? evaluator.evaluateByBatchStatistics(images, batch) : evaluator.evaluate(images);
        if (!Double.isFinite(evaluation.loss())) {
            throw new ResidualException(
                    path + " computes logits that are NaN or infinite, so its accuracy is undefined");
        }
        if (misclassified != null) {
            Misclassified.write(Misclassified.of(evaluation, images, dataset.classes()), misclassified);
        }
        if (json) {
            System.out.println(Json.pretty(document(evaluation, dataset, batch)));
        } else {
            console.line(text(evaluation, dataset, batch));
        }
        return Main.OK;
    }

    /** Not all thousand. */
    private static String some(List<String> classes) {
        return "the " + classes.size() + " classes "
                + String.join(", ", classes.subList(0, Math.min(SOME, classes.size())))
                + (classes.size() > SOME ? ", …" : "");
    }

    private int batchSize(Model model) {
        if (batchSize != null) {
            return batchSize;
        }
        return model.card()
                .provenance()
                .training()
                .map(t -> t.recipe().images().batchSize())
                .orElse(DEFAULT_BATCH);
    }

    private Evaluator.Compute compute(Model model) {
        Evaluator.Compute own = Evaluator.Compute.of(model);
        Precision chosen = precision == null ? own.precision() : Backend.precision(precision, own.device());
        return new Evaluator.Compute(chosen, own.device(), backend.name());
    }

    private ImageSet images(Dataset dataset, FoundModel found) {
        if (part == Part.TEST) {
            return dataset.test();
        }
        int validation = found.data().validation();
        if (part == Part.VALIDATION && validation == 0) {
            throw new ResidualException(path + " has no validation split: no images were held out");
        }
        Split split = Split.of(dataset, validation, found.seed());
        return part == Part.TRAIN ? split.train() : split.validation();
    }

    /** @param batch images in each batch whose statistics BN used; 0 where it used its running ones */
    private Map<String, Object> document(Evaluation e, Dataset dataset, int batch) {
        Map<String, Double> perClass = new LinkedHashMap<>();
        double[] recall = e.recall();
        for (int c = 0; c < e.classes(); c++) { // NaN of a class without images, which JSON does not have
            perClass.put(dataset.classes().get(c), Double.isNaN(recall[c]) ? null : recall[c]);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("model", path.toString());
        document.put("dataset", dataset.name());
        document.put("split", part.toString());
        if (batch > 0) {
            document.put("batch_statistics", batch);
        }
        document.put("images", e.images());
        document.put("correct", e.correct());
        document.put("accuracy", e.accuracy());
        document.put("loss", e.loss());
        document.put("per_class", perClass);
        document.put("confusion", e.confusion());
        return document;
    }

    private String text(Evaluation e, Dataset dataset, int batch) {
        List<String> classes = dataset.classes().stream().map(Console::harmless).toList();
        int width = Math.max(8, classes.stream().mapToInt(Columns::of).max().orElse(0));
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%s on %s (%s): %.2f %% of %,d images (%,d), loss %.4f%s%n%n",
                Console.harmless(path.toString()),
                dataset.name(),
                part,
                e.accuracy(),
                e.images(),
                e.correct(),
                e.loss(),
                batch > 0 ? ", BN with the statistics of batches of " + batch : ""));
        boolean matrix = width + 9 + 6 * e.classes() <= COLUMNS;
        if (matrix) {
            text.append(" ".repeat(width + 10)).append("predicted\n");
        }
        text.append(String.format(Locale.ROOT, "%-" + width + "s %8s", "actual", "recall"));
        for (int c = 0; matrix && c < e.classes(); c++) {
            String beginning = Columns.cut(classes.get(c), 5);
            text.append(" ".repeat(6 - Columns.of(beginning))).append(beginning);
        }
        double[] recall = e.recall();
        int[][] confusion = matrix ? e.confusion() : new int[e.classes()][0];
        for (int c = 0; c < e.classes(); c++) {
            text.append(System.lineSeparator())
                    .append(Columns.padded(classes.get(c), width))
                    .append(' ')
                    .append(Double.isNaN(recall[c]) ? "       –" : String.format(Locale.ROOT, "%6.1f %%", recall[c]));
            for (int n : confusion[c]) {
                text.append(n == 0 ? "     ·" : String.format(Locale.ROOT, " %5d", n));
            }
        }
        return text.toString();
    }
}
