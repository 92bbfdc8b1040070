package dev.residual.study;

import dev.residual.AtomicFile;
import dev.residual.Directories;
import dev.residual.Text;
import dev.residual.nn.LayerResponses.Response;
import dev.residual.report.Html;
import dev.residual.report.Lines;
import dev.residual.run.RunOptions;
import dev.residual.study.Row.Agreement;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The files that a comparison is written to, and one page that tells it from the question to the answer.
 *
 * @param responses of the rows whose networks were looked into
 */
public record ComparisonReport(Comparison comparison, Map<Row, List<Response>> responses) {
    /**
     * Writes {@code report.html}, {@code table.csv}, {@code table.md}, {@code curves.png} and {@code curves.svg}; of
     * responses {@code responses.csv}, {@code responses.png} and {@code responses.svg}.
     */
    public void write(Path directory) {
        Directories.create(directory);
        ComparisonTable table = new ComparisonTable(comparison);
        AtomicFile.write(directory.resolve("table.csv"), table.csv());
        AtomicFile.write(directory.resolve("table.md"), table.markdown());
        Lines curves = ComparisonChart.curves(comparison);
        AtomicFile.write(directory.resolve("curves.png"), curves::writePng);
        AtomicFile.write(directory.resolve("curves.svg"), curves::writeSvg);
        if (!responses.isEmpty()) {
            Lines chart = ComparisonChart.responses(responses);
            AtomicFile.write(directory.resolve("responses.png"), chart::writePng);
            AtomicFile.write(directory.resolve("responses.svg"), chart::writeSvg);
            AtomicFile.write(directory.resolve("responses.csv"), responsesCsv());
        }
        AtomicFile.write(directory.resolve("report.html"), page(curves));
    }

    private String responsesCsv() {
        StringBuilder csv = new StringBuilder("variation,layer,standard_deviation\n");
        responses.forEach((row, measured) -> measured.forEach(
                r -> csv.append(String.format(Locale.ROOT, "%s,%s,%.5f%n", row.name(), r.layer(), r.deviation()))));
        return csv.toString();
    }

    private String page(Lines curves) {
        Study study = comparison.study();
        int seeds = comparison.rows().stream()
                .mapToInt(row -> row.finished().size())
                .max()
                .orElse(0);
        return Html.page(
                study.title(),
                header()
                        + Html.section("What came out", results())
                        + Html.section(
                                "Learning curves",
                                Html.chart(
                                        curves,
                                        "The " + study.measure() + " of each network over the iterations",
                                        "Thin lines: training images, as they were trained on. Bold lines: test images."
                                                + (seeds > 1 ? " Each line is the mean over the seeds." : "")))
                        + (responses.isEmpty() ? "" : Html.section("Responses of the layers", responsesChart()))
                        + Html.section("One by one", oneByOne())
                        + Html.section("The runs", runs()));
    }

    private String header() {
        List<FoundRun> finished = comparison.rows().stream()
                .flatMap(row -> row.finished().stream())
                .toList();
        double seconds = finished.stream()
                .mapToDouble(run -> run.last().orElseThrow().time().seconds())
                .sum();
        String datasets = comparison.rows().stream()
                .flatMap(row -> row.runs().stream())
                .map(run -> run.config().data().dataset())
                .distinct()
                .collect(Collectors.joining(", "));
        return """
                <header>
                <h1>%s</h1>
                <p>%s</p>
                <dl>
                %s%s%s%s</dl>
                </header>
                """.formatted(
                        Html.escape(comparison.study().title()),
                        Html.escape(comparison.study().question()),
                        figure("Variations", Integer.toString(comparison.rows().size())),
                        figure("Finished runs", Integer.toString(finished.size())),
                        figure("Training time in all", Text.duration(seconds)),
                        figure("Images", datasets.isEmpty() ? "–" : datasets));
    }

    private static String figure(String name, String value) {
        return "<div><dt>%s</dt><dd>%s</dd></div>\n".formatted(name, Html.escape(value));
    }

    private String results() {
        boolean changes =
                comparison.rows().stream().anyMatch(r -> r.variation().against().isPresent());
        boolean published = comparison.rows().stream()
                .anyMatch(r -> r.variation().published().isPresent());
        boolean agreement = comparison.rows().stream().anyMatch(r -> r.agreement() != Agreement.UNKNOWN);
        StringBuilder table = new StringBuilder("<div class=\"scroll\">\n<table class=\"results\">\n<thead>\n");
        table.append(cells("th scope=\"col\"", "th", heads(published, agreement, changes)))
                .append("</thead>\n<tbody>\n");
        for (Row row : comparison.rows()) {
            Stream<String> figures = Stream.of(
                    published ? ComparisonTable.published(row) : null,
                    agreement ? agreement(row) : null,
                    changes ? comparison.difference(row).orElse("") : null,
                    Comparison.points(row.trainingMean()),
                    ComparisonTable.iterations(row),
                    ComparisonTable.millions(row.parameters(), 2),
                    ComparisonTable.millions(row.multiplyAdds(), 1),
                    ComparisonTable.time(row));
            table.append("<tr><th scope=\"row\">%s</th><td class=\"figure\">%s</td>"
                    .formatted(Html.escape(row.name()), row.figure()));
            figures.filter(f -> f != null).forEach(f -> table.append("<td>" + Html.escape(f) + "</td>"));
            table.append("</tr>\n");
        }
        table.append("</tbody>\n</table>\n</div>\n");
        return table + "<p class=\"summary\">" + Html.escape(comparison.summary()) + "</p>\n";
    }

    private static String agreement(Row row) {
        return row.agreement() == Agreement.UNKNOWN
                ? ""
                : row.agreement().name().toLowerCase(Locale.ROOT);
    }

    private List<String> heads(boolean published, boolean agreement, boolean changes) {
        Stream<String> heads = Stream.of(
                "",
                "test " + comparison.study().measure() + ", %",
                published ? "published" : null,
                agreement ? "" : null,
                changes ? "change, points" : null,
                "training",
                "iterations",
                "parameters",
                "multiply-adds",
                "time");
        return heads.filter(h -> h != null).toList();
    }

    private static String cells(String open, String close, List<String> texts) {
        return texts.stream()
                .map(text -> "<" + open + ">" + Html.escape(text) + "</" + close + ">")
                .collect(Collectors.joining("", "<tr>", "</tr>\n"));
    }

    private String responsesChart() {
        return Html.chart(
                ComparisonChart.responses(responses),
                "Standard deviations of the responses of each 3×3 layer",
                "Standard deviations of the outputs of each 3×3 layer, after BN and before ReLU or addition, on test images"
                        + " (the paper's figure 7). Dashed: networks without shortcuts.");
    }

    private String oneByOne() {
        StringBuilder text = new StringBuilder();
        for (Row row : comparison.rows()) {
            String options = row.variation().options();
            text.append("""
                    <h3>%s</h3>
                    <p>%s%s</p>
                    <p class="verdict %s">%s</p>
                    """.formatted(
                            Html.escape(row.name()),
                            Html.escape(row.variation().answers()),
                            options.isEmpty() ? "" : " <code>" + unbroken(options) + "</code>",
                            row.agreement().name().toLowerCase(Locale.ROOT),
                            Html.escape(comparison.verdict(row))));
        }
        return text.toString();
    }

    /** Lines are broken between options only. */
    private static String unbroken(String options) {
        return Stream.of(options.split(" (?=--)"))
                .map(option -> "<span>" + Html.escape(option) + "</span>")
                .collect(Collectors.joining(" "));
    }

    private String runs() {
        StringBuilder table = new StringBuilder("<div class=\"scroll\">\n<table class=\"results runs\">\n<thead>\n");
        table.append(cells(
                        "th scope=\"col\"",
                        "th",
                        List.of("run", "seed", "state", "iteration", "test", "time", "begun", "precision")))
                .append("</thead>\n<tbody>\n");
        comparison.rows().stream()
                .flatMap(row -> row.runs().stream())
                .forEach(run -> table.append(cells(
                        "td",
                        "td",
                        List.of(
                                run.name(),
                                Long.toString(run.config().seed()),
                                run.state().toString(),
                                Html.count(run.iteration()),
                                run.last()
                                        .map(m -> Comparison.points(comparison
                                                .study()
                                                .measure()
                                                .of(m.test().accuracy())))
                                        .orElse("–"),
                                run.last()
                                        .map(m -> Text.duration(m.time().seconds()))
                                        .orElse("–"),
                                run.config().made().started().replaceFirst("T.*", ""),
                                run.config().compute().precision().toString()))));
        table.append("</tbody>\n</table>\n</div>\n");
        String machines = comparison.rows().stream()
                .flatMap(row -> row.runs().stream())
                .map(run -> run.config().made().software())
                .map(made -> "Residual " + made.residual() + ", " + made.backend() + ", on " + made.processor())
                .distinct()
                .collect(Collectors.joining("; "));
        return table + "<p>" + Html.escape(machines) + "</p>\n" + commands();
    }

    private String commands() {
        String lines = comparison.rows().stream()
                .filter(row -> !row.options().arguments().isEmpty())
                .map(row -> unbroken(command(row)))
                .collect(Collectors.joining("\n"));
        return lines.isEmpty() ? "" : "<p>Each of them by itself:</p>\n<pre>" + lines + "</pre>\n";
    }

    /** What trains a row's first run, or would. */
    private String command(Row row) {
        long seed = row.runs().stream()
                .findFirst()
                .map(run -> run.config().seed())
                .orElseGet(() -> comparison.study().seeds(row.variation()).get(0));
        Options options = row.isOfOtherLength() ? row.options().and("--iterations", row.length()) : row.options();
        return "residual train "
                + options.and("--seed", seed).arguments().stream()
                        .map(RunOptions::quoted)
                        .collect(Collectors.joining(" "));
    }
}
