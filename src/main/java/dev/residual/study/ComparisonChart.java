package dev.residual.study;

import dev.residual.nn.LayerResponses.Response;
import dev.residual.nn.Shortcut;
import dev.residual.report.Lines;
import dev.residual.report.Lines.Line;
import dev.residual.report.Lines.PanelOf;
import dev.residual.report.Lines.Pen;
import dev.residual.run.Metrics;
import dev.residual.study.Study.Measure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A comparison as the paper draws it. */
final class ComparisonChart {
    private ComparisonChart() {}

    /** The paper's figure 6: over iterations, thin lines for the training images and bold ones for the test images. */
    static Lines curves(Comparison comparison) {
        Measure measure = comparison.study().measure();
        Map<String, List<Line>> panels = new LinkedHashMap<>();
        for (Row row : comparison.rows()) {
            List<Line> lines = panels.computeIfAbsent(row.variation().panel().orElse(""), title -> new ArrayList<>());
            lines.add(mean(row, Pen.THIN, m -> measure.of(m.train().accuracy())));
            lines.add(mean(row, Pen.BOLD, m -> measure.of(m.test().accuracy())));
        }
        List<PanelOf> begun = panels.entrySet().stream()
                .filter(p -> p.getValue().stream().anyMatch(line -> line.x().length > 0))
                .map(p -> new PanelOf(p.getKey(), "iterations", p.getValue()))
                .toList();
        double largestError = comparison.rows().stream()
                .flatMap(row -> drawn(row).stream())
                .filter(run -> run.state() != FoundRun.State.DIVERGED) // it would stretch the axis over nothing
                .mapToDouble(run -> 100 - run.last().orElseThrow().test().accuracy())
                .filter(Double::isFinite)
                .max()
                .orElse(Double.NaN);
        double top = Lines.topFor(largestError);
        boolean error = measure == Measure.ERROR;
        return new Lines(
                begun.isEmpty() ? List.of(new PanelOf("", "iterations", List.of())) : begun,
                measure + " (%)",
                error ? 0 : 100 - top,
                error ? top : 100);
    }

    /** Of a row without a finished run, those that are under way. */
    private static List<FoundRun> drawn(Row row) {
        List<FoundRun> runs = row.finished().isEmpty() ? row.runs() : row.finished();
        return runs.stream().filter(run -> run.last().isPresent()).toList();
    }

    /** Over the seeds. */
    private static Line mean(Row row, Pen pen, ToDoubleFunction<Metrics> value) {
        TreeMap<Long, List<Double>> at = new TreeMap<>();
        drawn(row).stream()
                .flatMap(run -> run.metrics().stream())
                .forEach(m -> at.computeIfAbsent(m.iteration(), i -> new ArrayList<>())
                        .add(value.applyAsDouble(m)));
        return new Line(
                row.name() + (row.finished().isEmpty() && row.diverged() > 0 ? ", diverged" : ""),
                pen,
                at.keySet().stream().mapToDouble(Long::doubleValue).toArray(),
                at.values().stream()
                        .mapToDouble(v -> v.stream()
                                .mapToDouble(Double::doubleValue)
                                .average()
                                .orElseThrow())
                        .toArray());
    }

    /** The paper's figure 7: standard deviations of the responses, in the order of the layers and by magnitude. */
    static Lines responses(Map<Row, List<Response>> responses) {
        double largest = responses.values().stream()
                .flatMap(List::stream)
                .mapToDouble(Response::deviation)
                .max()
                .orElse(1);
        return new Lines(
                List.of(
                        panel("in the order of the layers", "layer", responses, false),
                        panel("sorted by magnitude", "rank", responses, true)),
                "standard deviation",
                0,
                Math.ceil(largest * 2.1) / 2);
    }

    private static PanelOf panel(String title, String xTitle, Map<Row, List<Response>> responses, boolean sorted) {
        List<Line> lines = new ArrayList<>();
        responses.forEach((row, measured) -> {
            Stream<Double> values = measured.stream().map(Response::deviation);
            double[] y = (sorted ? values.sorted((a, b) -> Double.compare(b, a)) : values)
                    .mapToDouble(Double::doubleValue)
                    .toArray();
            Pen pen = row.architecture().shortcut() == Shortcut.NONE ? Pen.MARKED_DASHED : Pen.MARKED;
            lines.add(new Line(
                    row.name(),
                    pen,
                    IntStream.rangeClosed(1, y.length).asDoubleStream().toArray(),
                    y));
        });
        return new PanelOf(title, xTitle, lines);
    }
}
