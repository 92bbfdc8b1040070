package dev.residual.report;

import dev.residual.AtomicFile;
import dev.residual.data.Dataset;
import dev.residual.graph.Summary;
import dev.residual.model.Model;
import dev.residual.model.Provenance;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** One page about a model of which there is no run: imported, shipped, or copied from elsewhere. */
public final class ModelReport {
    private ModelReport() {}

    /**
     * Writes the page, atomically.
     *
     * @param name its heading
     * @param dataset to test it on; without it, the page does without what needs it
     * @throws dev.residual.ResidualException when the file cannot be written
     */
    public static void write(String name, Model model, Optional<Dataset> dataset, int threads, Path file) {
        AtomicFile.write(file, page(name, model, dataset.map(d -> RunReports.test(model, d, threads))));
    }

    private static String page(String name, Model model, Optional<RunReport.Test> tested) {
        StringBuilder figures = new StringBuilder();
        tested.ifPresent(t -> {
            HtmlReport.figure(
                    figures, "Test accuracy", Html.percent(t.evaluation().accuracy(), 2));
            HtmlReport.figure(figures, "Test loss", Html.decimal(t.evaluation().loss(), 4));
        });
        Summary summary = Summary.of(model.graph());
        HtmlReport.figure(figures, "Parameters", Html.count(summary.parameters()));
        if (tested.isEmpty()) {
            model.card()
                    .provenance()
                    .training()
                    .ifPresent(t -> t.testAccuracy()
                            .ifPresent(accuracy -> HtmlReport.figure(
                                    figures, "Test accuracy, from its training", Html.percent(accuracy, 2))));
        }
        return Html.page(
                name,
                HtmlReport.header(name, origin(model), figures)
                        + tested.map(t -> new TestSections(t).all()).orElse("")
                        + HtmlReport.filters(Optional.of(RunReports.firstLayer(model)))
                        + Html.section("Model card", Html.table("What the model file says of itself", card(model))));
    }

    private static String origin(Model model) {
        Provenance provenance = model.card().provenance();
        String from = provenance
                .imported()
                .map(i -> ", imported from " + i.file())
                .or(() -> provenance
                        .training()
                        .map(t -> ", trained on " + t.data().dataset() + " for " + Html.count(t.iteration())
                                + " iterations"))
                .orElse("");
        return model.architecture().name() + from + ".";
    }

    private static Map<String, String> card(Model model) {
        Map<String, String> table = new LinkedHashMap<>();
        table.put("network", model.architecture().name());
        RunReports.putAll(model.architecture(), table);
        table.put("class names", String.join(", ", model.card().classes()));
        table.put("normalization", model.card().normalization().kind().toString()); // a mean a pixel would fill pages
        RunReports.putAll(model.card().provenance(), table);
        table.values().removeIf("null"::equals);
        return table;
    }
}
