package dev.residual.study;

import dev.residual.study.Row.Agreement;
import dev.residual.study.Study.Measure;
import dev.residual.study.Study.Variation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What came out of a study: a row for each of its variations. */
public record Comparison(Study study, List<Row> rows) {
    public Comparison {
        rows = List.copyOf(rows);
    }

    private static final int MAX_NAME = 24;

    /** Of any runs: those that differ in nothing but their seed and their threads are in one row. */
    public static Comparison of(List<FoundRun> runs) {
        List<List<FoundRun>> groups = new ArrayList<>();
        for (FoundRun run : runs) {
            groups.stream()
                    .filter(group -> Wanted.differences(group.get(0).config(), run.config())
                            .isEmpty())
                    .findFirst()
                    .orElseGet(() -> {
                        groups.add(new ArrayList<>());
                        return groups.get(groups.size() - 1);
                    })
                    .add(run);
        }
        List<Row> rows = new ArrayList<>();
        for (List<FoundRun> copies : groups) {
            List<FoundRun> group = oneOfEachSeed(copies);
            FoundRun run = group.get(0);
            List<String> differences = Wanted.differences(runs.get(0).config(), run.config());
            rows.add(new Row(
                    new Variation(
                            name(group, rows),
                            "",
                            differences.isEmpty()
                                    ? "What the others are compared with."
                                    : "It has " + String.join(", ", differences) + ".",
                            differences.isEmpty()
                                    ? Optional.empty()
                                    : Optional.of(rows.get(0).name()),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty()),
                    Options.NONE,
                    Measure.ACCURACY,
                    Wanted.of(run.config()),
                    run.length(),
                    group));
        }
        Study study = new Study(
                rows.stream().mapToInt(row -> row.runs().size()).sum() + " runs compared",
                "How do these runs differ, and what effect does it have?",
                Measure.ACCURACY,
                "",
                List.of(1L),
                Optional.empty(),
                false,
                rows.stream().map(Row::variation).toList());
        return new Comparison(study, rows);
    }

    /** In the order of the seeds. A copy of a run says nothing about the spread; of several, a finished one counts. */
    static List<FoundRun> oneOfEachSeed(List<FoundRun> runs) {
        Map<Long, FoundRun> bySeed = new TreeMap<>();
        runs.forEach(run -> bySeed.merge(
                run.config().seed(), run, (one, other) -> one.isFinished() || !other.isFinished() ? one : other));
        return List.copyOf(bySeed.values());
    }

    /** That of the directory, without the seed where there are several; it is cut to what a table has room for. */
    private static String name(List<FoundRun> group, List<Row> before) {
        FoundRun run = group.get(0);
        String name = run.name().replaceAll("[^a-zA-Z0-9._-]", "_").replaceFirst("^[._-]+", "");
        String plain = group.size() > 1 ? name.replaceFirst("-" + run.config().seed() + "$", "") : name;
        String cut = plain.isEmpty() ? "run" : plain.substring(0, Math.min(plain.length(), MAX_NAME));
        String unique = cut;
        for (int i = 2; isTaken(unique, before); i++) {
            unique = cut.substring(0, Math.min(cut.length(), MAX_NAME - 4)) + "-" + i;
        }
        return unique;
    }

    private static boolean isTaken(String name, List<Row> rows) {
        return rows.stream().anyMatch(row -> row.name().equals(name));
    }

    /** With two decimals. */
    static String points(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.2f", value) : "–";
    }

    Optional<Row> against(Row row) {
        return row.variation()
                .against()
                .flatMap(
                        name -> rows.stream().filter(r -> r.name().equals(name)).findFirst());
    }

    /** What a row's change gained or cost, such as {@code +0.84}; empty where there is nothing to compare it with. */
    Optional<String> difference(Row row) {
        return against(row)
                .filter(other -> other.length() == row.length())
                .map(other -> row.mean() - other.mean())
                .filter(Double::isFinite)
                .map(d -> String.format(Locale.ROOT, "%+.2f", d).replace('-', '−'));
    }

    /** A row's verdict, and what its one change made of the row that it is against. */
    public String verdict(Row row) {
        return row.verdict()
                + difference(row)
                        .map(d -> " " + d + " points against "
                                + row.variation().against().orElseThrow() + ".")
                        .orElse("");
    }

    /** How far the study is, and how it stands to what is published. */
    public String summary() {
        List<String> words = new ArrayList<>();
        long done = rows.stream().filter(r -> !r.finished().isEmpty()).count();
        if (done < rows.size()) {
            words.add("Trained: " + done + " of " + rows.size() + " variations.");
        }
        add(words, "In agreement with the published figures", row -> row.agreement() == Agreement.AGREES);
        add(words, "Better than published", row -> row.agreement() == Agreement.BETTER);
        add(words, "Worse than published", row -> row.agreement() == Agreement.WORSE);
        add(words, "Diverged with one seed or more", row -> row.diverged() > 0);
        if (rows.stream()
                .anyMatch(r -> r.isOfOtherLength() && r.variation().published().isPresent())) {
            words.add("Runs of another length cannot be compared with published figures.");
        }
        return String.join(" ", words);
    }

    /** Names those that it is true of, if there are any. */
    private void add(List<String> words, String what, Predicate<Row> isTrue) {
        String names = rows.stream().filter(isTrue).map(Row::name).collect(Collectors.joining(", "));
        if (!names.isEmpty()) {
            words.add(what + ": " + names + ".");
        }
    }
}
