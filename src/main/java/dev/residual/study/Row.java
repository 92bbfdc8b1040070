package dev.residual.study;

import dev.residual.graph.Summary;
import dev.residual.nn.Architecture;
import dev.residual.run.Metrics;
import dev.residual.study.Study.Measure;
import dev.residual.study.Study.Published;
import dev.residual.study.Study.Variation;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.ToDoubleFunction;

/**
 * A variation and its runs.
 *
 * @param options of its runs, apart from the seed
 * @param wanted what these options mean
 * @param iterations that its runs have unless somebody asks for another number
 * @param runs finished or not
 */
public record Row(
        Variation variation, Options options, Measure measure, Wanted wanted, long iterations, List<FoundRun> runs) {
    /** What a mean over seeds says of a published figure. */
    public enum Agreement {
        AGREES,
        BETTER,
        WORSE,
        /** There is no figure, or no run, or it was shortened. */
        UNKNOWN
    }

    /**
     * Standard deviation of what runs of one configuration reach, where fewer than three say it themselves: the paper's
     * five runs of ResNet-110 have 0.16 points, and an accuracy of 91 % of 10,000 images is itself known to 0.29.
     */
    private static final double USUAL_SPREAD = 0.25;

    private static final int ENOUGH_SEEDS = 3;

    public Row {
        runs = List.copyOf(runs);
    }

    public String name() {
        return variation.name();
    }

    public Architecture architecture() {
        return wanted.architecture();
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
                .mapToDouble(run -> measure.of(run.last().orElseThrow().test().accuracy()) - mean)
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
    long length() {
        return runs.stream().mapToLong(FoundRun::length).max().orElse(wanted.iterations());
    }

    /** Whether its runs are shorter than the study has them, or longer. */
    public boolean isOfOtherLength() {
        return length() != iterations;
    }

    long diverged() {
        return runs.stream().filter(r -> r.state() == FoundRun.State.DIVERGED).count();
    }

    public long parameters() {
        return Summary.of(architecture().graph()).parameters();
    }

    public long multiplyAdds() {
        return Summary.of(architecture().graph()).multiplyAdds();
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
        String mean = Comparison.points(mean());
        return Double.isNaN(spread()) ? mean : mean + " ± " + Comparison.points(spread());
    }

    /** What came out and whether it agrees, in a sentence or two. */
    public String verdict() {
        if (finished().isEmpty()) {
            return runs.stream()
                    .map(run -> "Seed " + run.config().seed() + ": " + run.state() + " at iteration " + run.iteration()
                            + ".")
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
                    variation.published().isPresent() ? ", so it cannot be compared with the published figure" : "");
        }
        return variation
                .published()
                .map(p -> agreement(p))
                .map((" ")::concat)
                .map(result::concat)
                .orElse(result);
    }

    private String agreement(Published p) {
        String figure = Comparison.points(p.value()) + " % (" + p.source() + ")";
        String off = Comparison.points(Math.abs(mean() - p.value())) + " points";
        return switch (agreement()) {
            case AGREES ->
                "Agrees with " + figure + ": " + off + " apart, within chance (" + Comparison.points(tolerance())
                        + ").";
            case BETTER ->
                "Better than " + figure + " by " + off + ", more than chance would explain ("
                        + Comparison.points(tolerance()) + ").";
            case WORSE ->
                "Worse than " + figure + " by " + off + ", more than chance would explain ("
                        + Comparison.points(tolerance()) + ").";
            case UNKNOWN -> "Published: " + figure + ".";
        };
    }
}
