package dev.residual.report;

import dev.residual.AtomicFile;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.model.State;
import dev.residual.model.Summary;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.train.Evaluation;
import dev.residual.train.Evaluator;
import dev.residual.train.LearningRate;
import dev.residual.train.LearningRate.Drop;
import dev.residual.train.RunConfig;
import dev.residual.train.TrainedModel;
import dev.residual.weights.ModelFile;
import dev.residual.weights.Safetensors.NamedTensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Gathers what a run directory tells, and draws and writes it there. */
public final class RunReports {
    private RunReports() {}

    /**
     * Writes {@code curves.png}, {@code curves.svg} and {@code report.html}.
     *
     * @param dataset what the run was trained on; without it, the report does without what needs it
     * @param warning is told of damage that was passed over, in a sentence
     * @throws ResidualException when the run has no metrics yet, or the files cannot be written
     */
    public static void write(RunDirectory run, RunConfig config, Optional<Dataset> dataset, Consumer<String> warning) {
        List<Metrics> metrics = new MetricsFile(run.metrics()).read();
        if (metrics.isEmpty()) {
            throw new ResidualException(run.path() + " has no metrics yet: its first evaluation has not ended");
        }
        Metrics last = metrics.get(metrics.size() - 1);
        String name = run.path().toAbsolutePath().normalize().getFileName().toString();
        List<Drop> drops = new LearningRate(config.recipe()).dropsBefore(last.iteration());
        Curves.Look look = config.recipe().name().equals("article") ? Curves.Look.ARTICLE : Curves.Look.ITERATIONS;
        Curves curves = new Curves(name, metrics, drops, look);
        AtomicFile.write(run.curves(), curves::writePng);
        AtomicFile.write(run.path().resolve("curves.svg"), curves::writeSvg);

        Optional<TrainedModel> trained = TrainedModel.of(run, warning);
        Optional<ModelFile> model = trained.map(TrainedModel::model);
        Optional<Evaluation> evaluation = model.flatMap(m -> dataset.map(d -> evaluate(m, d, config.threads())));
        HtmlReport.write(
                new RunReport(
                        name,
                        trained.map(TrainedModel::finished).orElse(false)
                                ? ""
                                : "This run is not finished: it stands at iteration " + last.iteration() + ".",
                        look,
                        metrics,
                        drops,
                        Summary.of(config.architecture()).parameters(),
                        model.map(m -> m.card().classes()).orElse(List.of()),
                        evaluation.orElse(null),
                        dataset.map(Dataset::test).orElse(null),
                        model.map(RunReports::firstLayer).orElse(null),
                        configuration(config),
                        provenance(config)),
                run.report());
    }

    private static Evaluation evaluate(ModelFile model, Dataset dataset, int threads) {
        Engine.start(threads);
        try (State state = model.state(Device.CPU)) {
            return Evaluator.of(model, state, Device.CPU).evaluate(dataset.test());
        }
    }

    private static Filters firstLayer(ModelFile model) {
        NamedTensor weights = model.tensors().get("conv1.weight");
        long[] shape = weights.shape();
        return new Filters(weights.floats(), (int) shape[0], (int) shape[1], (int) shape[2], (int) shape[3]);
    }

    private static Map<String, String> configuration(RunConfig config) {
        Map<String, String> table = new LinkedHashMap<>();
        table.put("network", config.architecture().name());
        table.putAll(flat(config.architecture()));
        flat(config.recipe()).forEach((key, value) -> table.put(key.equals("name") ? "recipe" : key, value));
        table.put("dataset", config.data().dataset());
        table.put("validation", config.data().validation() + " images held out");
        table.put("seed", Long.toString(config.seed()));
        table.put("threads", Integer.toString(config.threads()));
        table.put("precision", config.precision().toString());
        table.put("device", config.device());
        return table;
    }

    private static Map<String, String> flat(Record value) {
        Map<String, String> flat = new LinkedHashMap<>();
        Json.tree(Json.compact(value), "a record")
                .properties()
                .forEach(field -> flat.put(
                        field.getKey(),
                        field.getValue().isTextual()
                                ? field.getValue().textValue()
                                : field.getValue().toString()));
        return flat;
    }

    private static Map<String, String> provenance(RunConfig config) {
        Map<String, String> table = new LinkedHashMap<>(config.provenance());
        config.data().sha256().forEach((file, sum) -> table.put("SHA-256 of " + file, sum));
        return table;
    }
}
