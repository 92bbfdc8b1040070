package dev.residual.report;

import dev.residual.AtomicFile;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.evaluate.Evaluation;
import dev.residual.evaluate.Evaluator;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.graph.Summary;
import dev.residual.model.Model;
import dev.residual.model.Provenance;
import dev.residual.recipe.RecipeChanges;
import dev.residual.recipe.Schedule.Change;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.run.RunOptions;
import dev.residual.run.TrainedModel;
import dev.residual.tensor.Engine;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Gathers what a run directory tells, and draws and writes it there. */
public final class RunReports {
    private RunReports() {}

    /**
     * Writes {@code curves.png}, {@code curves.svg} and {@code report.html}.
     *
     * @param dataset what the run was trained on; without it, the report does without what needs it
     * @param warning receives a sentence about damage that was passed over
     * @throws ResidualException when the run has no metrics yet, or the files cannot be written
     */
    public static void write(RunDirectory run, RunConfig config, Optional<Dataset> dataset, Consumer<String> warning) {
        List<Metrics> metrics = new MetricsFile(run.metrics()).read();
        if (metrics.isEmpty()) {
            throw new ResidualException(run.path() + " has no metrics yet: its first evaluation has not ended");
        }
        Metrics last = metrics.get(metrics.size() - 1);
        String name = run.path().toAbsolutePath().normalize().getFileName().toString();
        List<Change> changes = config.recipe().schedule().changesBefore(last.iteration());
        Curves.Look look = config.recipe().name().equals("article") ? Curves.Look.ARTICLE : Curves.Look.ITERATIONS;
        Curves curves = new Curves(name, metrics, changes, look);
        AtomicFile.write(run.curves(), curves::writePng);
        AtomicFile.write(run.curvesSvg(), curves::writeSvg);

        Optional<TrainedModel> trained = TrainedModel.of(run, warning);
        Optional<Model> model = trained.map(TrainedModel::model);
        Optional<Dataset> tested = model.flatMap(m -> ofItsClasses(dataset, m, warning));
        RunReport report = new RunReport(
                subtitle(config)
                        + note(config, metrics, trained.filter(t -> !t.finished()))
                        + best(run, metrics, warning)
                        + (model.isEmpty() ? " Its weights are not kept here." : ""),
                curves,
                Summary.of(config.architecture().graph()).parameters(),
                model.flatMap(
                        m -> tested.flatMap(d -> test(m, d, config.compute().threads(), warning))),
                model.map(RunReports::firstLayer),
                new RunReport.Tables(configuration(config), provenance(config)));
        HtmlReport.write(report, run.report());
    }

    /** What this is. */
    private static String subtitle(RunConfig config) {
        return config.architecture().name() + " trained on " + config.data().dataset() + " by the recipe "
                + RecipeChanges.title(config.recipe(), config.architecture()) + ", seed " + config.seed()
                + "; Residual " + config.made().software().residual() + ", "
                + config.made().started().replaceAll("T.*", "") + ".";
    }

    /** @param unfinished the network of a checkpoint, where the run has no other */
    private static String note(RunConfig config, List<Metrics> metrics, Optional<TrainedModel> unfinished) {
        Metrics last = metrics.get(metrics.size() - 1);
        List<String> sentences = new ArrayList<>();
        if (!config.isFinishedBy(metrics)) {
            sentences.add(String.format(
                    Locale.ROOT,
                    "This run is not finished: its last evaluation was at iteration %,d%s.",
                    last.iteration(),
                    unfinished
                            .flatMap(t -> t.model().card().provenance().training())
                            .filter(t -> t.iteration() != last.iteration())
                            .map(t -> String.format(
                                    Locale.ROOT,
                                    "; the test results and filters below are those of its checkpoint at iteration %,d",
                                    t.iteration()))
                            .orElse("")));
        } else if (config.isStoppedEarlyBy(metrics)) {
            sentences.add("It was stopped early, after "
                    + config.recipe().length().patience() + " epochs without a better validation accuracy.");
        }
        if (!config.recipe().evaluations().evalMode()) {
            sentences.add("Curves and figures here are by the statistics of each batch, since this recipe evaluates in"
                    + " training mode; the confusion matrix and what follows it are by BN's running statistics.");
        }
        return sentences.stream().map(sentence -> " " + sentence).collect(Collectors.joining());
    }

    /** The network that was kept as the best. Its row is gone where a run that ended within an epoch was extended. */
    private static String best(RunDirectory run, List<Metrics> metrics, Consumer<String> warning) {
        if (!Files.exists(run.best())) {
            return "";
        }
        Optional<Provenance.Training> found;
        try {
            found = Model.load(run.best()).card().provenance().training();
        } catch (ResidualException e) {
            warning.accept(e.getMessage());
            return "";
        }
        return found.map(training -> best(training, metrics)).orElse("");
    }

    private static String best(Provenance.Training training, List<Metrics> metrics) {
        String validation = metrics.stream()
                .filter(row -> row.iteration() == training.iteration())
                .findFirst()
                .map(row -> String.format(
                        Locale.ROOT, " (%.2f %%)", row.validation().accuracy()))
                .orElse("");
        return String.format(
                Locale.ROOT,
                " Kept as well: the network of iteration %,d, with the best validation accuracy%s; it has %.2f %% of the"
                        + " test images right.",
                training.iteration(),
                validation,
                training.testAccuracy().orElse(Double.NaN));
    }

    /** A data set that the model can be tested on; empty, with a warning, where it has other classes. */
    public static Optional<Dataset> ofItsClasses(Optional<Dataset> dataset, Model model, Consumer<String> warning) {
        Optional<Dataset> same =
                dataset.filter(d -> d.classes().equals(model.card().classes()));
        if (dataset.isPresent() && same.isEmpty()) {
            warning.accept(
                    "the report leaves out the test images: " + dataset.get().name() + " has other classes");
        }
        return same;
    }

    /** Empty, with a warning, of a network that nothing can be computed from, as of a run that nearly diverged. */
    private static Optional<RunReport.Test> test(Model model, Dataset dataset, int threads, Consumer<String> warning) {
        try {
            return Optional.of(test(model, dataset, threads));
        } catch (ResidualException e) {
            warning.accept("the report leaves out the test images: " + e.getMessage());
            return Optional.empty();
        }
    }

    static RunReport.Test test(Model model, Dataset dataset, int threads) {
        Engine.start(threads);
        Evaluation evaluation = Evaluator.of(model, Evaluator.Compute.of(model)).evaluate(dataset.test());
        return new RunReport.Test(model.card().classes(), evaluation, dataset.test());
    }

    static Filters firstLayer(Model model) {
        NamedTensor weights = model.tensors().get("conv1.weight");
        long[] shape = weights.shape();
        return new Filters(weights.floats(), (int) shape[0], (int) shape[1], (int) shape[2], (int) shape[3]);
    }

    private static Map<String, String> configuration(RunConfig config) {
        Map<String, String> table = new LinkedHashMap<>();
        table.put("command to do it again", RunOptions.command(config));
        List<String> changes = RecipeChanges.words(config.recipe(), config.architecture());
        table.put("changed from the recipe", changes.isEmpty() ? "nothing" : String.join(", ", changes));
        table.put("network", config.architecture().name());
        putAll(config.architecture(), table);
        putAll(config.recipe(), table);
        table.put("recipe", table.remove("name"));
        table.put("dataset", config.data().dataset());
        table.put("validation", config.data().validation() + " images held out");
        table.put("keep", config.keep().best() ? "last and best" : "last");
        table.put("seed", Long.toString(config.seed()));
        putAll(config.compute(), table);
        return table;
    }

    /** What is in a record, by its path. */
    static void putAll(Object record, Map<String, String> table) {
        Json.leaves(record).forEach((path, value) -> table.put(path, Json.text(value)));
    }

    private static Map<String, String> provenance(RunConfig config) {
        Map<String, String> table = new LinkedHashMap<>();
        putAll(config.made().software(), table);
        table.put("started", config.made().started());
        config.made().startedFrom().forEach(line -> table.merge("started from", line, (a, b) -> a + "; " + b));
        config.data().sha256().forEach((file, sum) -> table.put("SHA-256 of " + file, sum));
        return table;
    }
}
