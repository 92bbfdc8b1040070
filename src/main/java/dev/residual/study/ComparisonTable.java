package dev.residual.study;

import static dev.residual.study.Comparison.points;

import dev.residual.Text;
import dev.residual.study.Study.Published;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A comparison as a table: for a terminal of 80 columns, for a spreadsheet, and for a text. */
public record ComparisonTable(Comparison comparison) {
    private static final int COLUMNS = 80;

    private static final String CSV_HEADER =
            "variation,seeds,measure,mean,spread,training_mean,published,source,agreement,"
                    + "against,difference,iterations,parameters,multiply_adds,seconds";

    /** Lines of at most 80 columns. Each column is as wide as what is in it; names have what the figures leave. */
    public List<String> lines() {
        List<List<String>> table = new ArrayList<>();
        String measure = comparison.study().measure().toString();
        table.add(List.of("", "test " + measure + " %", "published", "iters", "params", "madds", "time"));
        for (Row row : comparison.rows()) {
            int seeds = row.finished().size();
            table.add(List.of(
                    row.name(),
                    row.figure() + (seeds > 1 ? " (" + seeds + ")" : ""),
                    published(row),
                    iterations(row),
                    millions(row.parameters(), 2),
                    millions(row.multiplyAdds(), 0),
                    time(row)));
        }
        int[] widths = IntStream.range(0, table.get(0).size())
                .map(c -> table.stream()
                        .mapToInt(cells -> cells.get(c).length())
                        .max()
                        .orElseThrow())
                .toArray();
        int figures = IntStream.of(widths).skip(1).map(width -> width + 1).sum();
        widths[0] = Math.min(widths[0], COLUMNS - figures);
        return table.stream().map(cells -> line(cells, widths)).toList();
    }

    private static String line(List<String> cells, int[] widths) {
        String name = cells.get(0);
        String cut = name.length() <= widths[0] ? name : name.substring(0, widths[0] - 1) + "…";
        return IntStream.range(1, widths.length)
                .mapToObj(c -> (" %" + widths[c] + "s").formatted(cells.get(c)))
                .collect(Collectors.joining("", ("%-" + widths[0] + "s").formatted(cut), ""));
    }

    /** One line per row, and a header; numbers with a point, what is not there empty. */
    public String csv() {
        return comparison.rows().stream().map(this::csv).collect(Collectors.joining("\n", CSV_HEADER + "\n", "\n"));
    }

    private String csv(Row row) {
        return String.join(
                ",",
                row.name(),
                Integer.toString(row.finished().size()),
                row.measure().toString(),
                number(row.mean()),
                number(row.spread()),
                number(row.trainingMean()),
                row.variation()
                        .published()
                        .map(Published::value)
                        .map(ComparisonTable::number)
                        .orElse(""),
                quoted(row.variation().published().map(Published::source).orElse("")),
                row.agreement().name().toLowerCase(Locale.ROOT),
                row.variation().against().orElse(""),
                comparison.difference(row).orElse("").replace('−', '-'),
                row.trainedIterations().isPresent()
                        ? Long.toString(row.trainedIterations().getAsLong())
                        : "",
                Long.toString(row.parameters()),
                Long.toString(row.multiplyAdds()),
                number(row.seconds()));
    }

    private static String quoted(String text) {
        return text.isEmpty() ? "" : '"' + text.replace("\"", "\"\"") + '"';
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.3f", value) : "";
    }

    /** A title, a table and what it says. */
    public String markdown() {
        Study study = comparison.study();
        boolean changes =
                comparison.rows().stream().anyMatch(r -> r.variation().against().isPresent());
        StringBuilder text = new StringBuilder("# " + study.title() + "\n\n" + study.question() + "\n\n");
        text.append("| | test " + study.measure() + " % | seeds | published " + (changes ? "| points, against " : "")
                + "| training | iterations | parameters | multiply-adds | time |\n");
        text.append("|---|---|---|---|" + (changes ? "---|" : "") + "---|---|---|---|---|\n");
        for (Row row : comparison.rows()) {
            List<String> cells = new ArrayList<>(List.of(
                    row.name(), row.figure(), Integer.toString(row.finished().size()), published(row)));
            if (changes) {
                cells.add(comparison
                        .difference(row)
                        .map(d -> d + ", " + row.variation().against().orElseThrow())
                        .orElse(""));
            }
            cells.addAll(List.of(
                    points(row.trainingMean()),
                    iterations(row),
                    millions(row.parameters(), 2),
                    millions(row.multiplyAdds(), 1),
                    time(row)));
            text.append("| ").append(String.join(" | ", cells)).append(" |\n");
        }
        text.append('\n');
        comparison
                .rows()
                .forEach(row -> text.append("- **%s**: %s %s\n"
                        .formatted(row.name(), row.variation().answers(), comparison.verdict(row))));
        return text.append('\n').append(comparison.summary()).toString().stripTrailing() + "\n";
    }

    static String published(Row row) {
        return row.variation().published().map(p -> points(p.value())).orElse("–");
    }

    /** Those that were trained; of a row without a finished run those that its runs were, or are, to have. */
    static String iterations(Row row) {
        return String.format(Locale.ROOT, "%,d", row.trainedIterations().orElse(row.length()));
    }

    static String millions(long count, int decimals) {
        return String.format(Locale.ROOT, "%,." + decimals + "fM", count / 1e6);
    }

    static String time(Row row) {
        return Text.duration(row.seconds());
    }
}
