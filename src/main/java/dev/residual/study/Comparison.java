package dev.residual.study;

import dev.residual.graph.Summary;
import dev.residual.nn.Architecture;
import dev.residual.run.Metrics;
import dev.residual.study.Study.Measure;
import dev.residual.study.Study.Published;
import dev.residual.study.Study.Variation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** What came out of a study: a row for each of its variations. */
public record Comparison(Study study, List<Row> rows) {
    public Comparison {
        rows = List.copyOf(rows);
    }

    private static final int MAX_NAME = 24;

    /** Of any runs: those that differ in nothing but their seed are in one row. */
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
        for (List<FoundRun> group : groups) {
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
                    run.config().architecture(),
                    run.length(),
                    group));
        }
        Study study = new Study(
                runs.size() + " runs compared",
                "What do these runs differ in, and what comes of it?",
                Measure.ACCURACY,
                "",
                List.of(1L),
                Optional.empty(),
                false,
                rows.stream().map(Row::variation).toList());
        return new Comparison(study, rows);
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

    /** What a mean over seeds says of a published figure. */
    public enum Agreement {
        AGREES,
        BETTER,
        WORSE,
        /** There is no figure, or no run, or it was shortened. */
        UNKNOWN
    }

    /**
     * A variation and its runs.
     *
     * @param options of its runs, apart from the seed
     * @param iterations that its runs have unless somebody asks for another number
     * @param runs finished or not
     */
    public record Row(
            Variation variation,
            Options options,
            Measure measure,
            Architecture architecture,
            long iterations,
            List<FoundRun> runs) {
        /**
         * Standard deviation of what runs of one configuration reach, where fewer than three say it themselves: the paper's
         * five runs of ResNet-110 have 0.16 points, and an accuracy of 91 % of 10,000 images is itself known to 0.28.
         */
        private static final double USUAL_SPREAD = 0.25;

        private static final int ENOUGH_SEEDS = 3;

        public Row {
            runs = List.copyOf(runs);
        }

        public String name() {
            return variation.name();
        }

        /** The finished runs. */
        public List<FoundRun> finished() {
            return runs.stream().filter(FoundRun::isFinished).toList();
        }

        private double mean(ToDoubleFunction<Metrics> value) {
            return finished().stream()
                    .mapToDouble(run -> value.applyAsDouble(run.last().orElseThrow()))
                    .average()
                    .orElse(Double.NaN);
        }

        /** Of the measure on the test images after the last iteration, over the seeds; NaN where no run is finished. */
        public double mean() {
            return mean(m -> measure.of(m.test().accuracy()));
        }

        /** The same of the training images, as the runs' metrics have it. */
        public double trainingMean() {
            return mean(m -> measure.of(m.train().accuracy()));
        }

        /** The standard deviation over the seeds; NaN of fewer than two. */
        public double spread() {
            double mean = mean();
            int n = finished().size();
            double squares = finished().stream()
                    .mapToDouble(
                            run -> measure.of(run.last().orElseThrow().test().accuracy()) - mean)
                    .map(d -> d * d)
                    .sum();
            return n < 2 ? Double.NaN : Math.sqrt(squares / (n - 1));
        }

        /** Of training, of one run. */
        public double seconds() {
            return mean(m -> m.time().seconds());
        }

        /** Of the finished runs; those that are not there yet have none. */
        public OptionalLong trainedIterations() {
            return finished().stream()
                    .mapToLong(run -> run.last().orElseThrow().iteration())
                    .max();
        }

        /** The iterations that its runs were to have. */
        private long length() {
            return runs.stream().mapToLong(FoundRun::length).max().orElse(iterations);
        }

        /** Whether its runs are shorter than the study has them, or longer. */
        public boolean isOfOtherLength() {
            return length() != iterations;
        }

        private long diverged() {
            return runs.stream()
                    .filter(r -> r.state() == FoundRun.State.DIVERGED)
                    .count();
        }

        public long parameters() {
            return Summary.of(architecture.graph()).parameters();
        }

        public long multiplyAdds() {
            return Summary.of(architecture.graph()).multiplyAdds();
        }

        /**
         * The published figure is taken for one more run of the same: it may be off the mean of k runs by twice their
         * standard deviation times √(1 + 1/k).
         */
        public double tolerance() {
            int n = finished().size();
            double deviation = n < ENOUGH_SEEDS ? USUAL_SPREAD : Math.max(spread(), USUAL_SPREAD);
            return 2 * deviation * Math.sqrt(1 + 1.0 / n);
        }

        public Agreement agreement() {
            if (variation.published().isEmpty() || finished().isEmpty() || isOfOtherLength()) {
                return Agreement.UNKNOWN;
            }
            double off = mean() - variation.published().get().value();
            if (Math.abs(off) <= tolerance()) {
                return Agreement.AGREES;
            }
            return off < 0 == (measure == Measure.ERROR) ? Agreement.BETTER : Agreement.WORSE;
        }

        /** {@code 8.31 ± 0.12}, or one figure, or what there is instead. */
        public String figure() {
            if (finished().isEmpty()) {
                return diverged() > 0 ? "diverged" : "–";
            }
            String mean = points(mean());
            return Double.isNaN(spread()) ? mean : mean + " ± " + points(spread());
        }

        /** What came out and whether it agrees, in a sentence or two. */
        public String verdict() {
            if (finished().isEmpty()) {
                return runs.stream()
                        .map(run -> "Seed " + run.config().seed() + ": " + run.state() + " at iteration "
                                + run.iteration() + ".")
                        .reduce((a, b) -> a + " " + b)
                        .orElse("Not trained yet.");
            }
            int seeds = finished().size();
            String result = "%s %s %% %s."
                    .formatted(
                            measure == Measure.ERROR ? "Test error" : "Test accuracy",
                            figure(),
                            seeds == 1 ? "with one seed" : "over " + seeds + " seeds");
            if (diverged() > 0) {
                result += " " + diverged() + " of " + runs.size() + " seeds diverged.";
            }
            if (isOfOtherLength()) {
                result += String.format(
                        Locale.ROOT,
                        " %,d iterations instead of %,d%s.",
                        length(),
                        iterations,
                        variation.published().isPresent()
                                ? ", so that it cannot be compared with the published figure"
                                : "");
            }
            return variation
                    .published()
                    .map(p -> agreement(p))
                    .map((" ")::concat)
                    .map(result::concat)
                    .orElse(result);
        }

        private String agreement(Published p) {
            String figure = points(p.value()) + " % (" + p.source() + ")";
            String off = points(Math.abs(mean() - p.value())) + " points";
            return switch (agreement()) {
                case AGREES ->
                    "Agrees with " + figure + ": " + off + " apart, within chance (" + points(tolerance()) + ").";
                case BETTER ->
                    "Better than " + figure + " by " + off + ", more than chance would explain (" + points(tolerance())
                            + ").";
                case WORSE ->
                    "Worse than " + figure + " by " + off + ", more than chance would explain (" + points(tolerance())
                            + ").";
                case UNKNOWN -> "Published: " + figure + ".";
            };
        }
    }

    /** With two decimals. */
    static String points(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.2f", value) : "–";
    }

    Optional<Row> against(Row row) {
        return row.variation
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
                                + row.variation.against().orElseThrow() + ".")
                        .orElse("");
    }

    /** How far the study is, and how it stands to what is published. */
    public String summary() {
        List<String> words = new ArrayList<>();
        long done = rows.stream().filter(r -> !r.finished().isEmpty()).count();
        if (done < rows.size()) {
            words.add(done + " of " + rows.size() + " variations are trained.");
        }
        String agree = names(Agreement.AGREES);
        String better = names(Agreement.BETTER);
        String worse = names(Agreement.WORSE);
        if (!agree.isEmpty()) {
            words.add("In agreement with what is published: " + agree + ".");
        }
        if (!better.isEmpty()) {
            words.add("Better than that: " + better + ".");
        }
        if (!worse.isEmpty()) {
            words.add("Worse than that: " + worse + ".");
        }
        String diverged =
                rows.stream().filter(r -> r.diverged() > 0).map(Row::name).collect(Collectors.joining(", "));
        if (!diverged.isEmpty()) {
            words.add("Diverged with one seed or more: " + diverged + ".");
        }
        if (rows.stream()
                .anyMatch(r -> r.isOfOtherLength() && r.variation.published().isPresent())) {
            words.add("Runs of another length cannot be compared with published figures.");
        }
        return String.join(" ", words);
    }

    private String names(Agreement agreement) {
        return rows.stream()
                .filter(row -> row.agreement() == agreement)
                .map(Row::name)
                .collect(Collectors.joining(", "));
    }
}
