package dev.residual.study;

import dev.residual.ResidualException;
import dev.residual.study.Study.Variation;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.Stream;

/** A study, and what its options mean. */
public record Plan(Study study, List<Part> parts) {
    /**
     * A variation.
     *
     * @param options of its runs, apart from the seed
     * @param wanted what these options mean
     * @param atLength what they mean for runs of another number of iterations
     * @param iterations of its runs, unless somebody shortens them
     */
    public record Part(
            Variation variation, Options options, Wanted wanted, LongFunction<Wanted> atLength, long iterations) {}

    /** @param copied whether it was; otherwise a finished run was there already */
    public record Adopted(PlannedRun run, boolean copied) {}

    public Plan {
        parts = List.copyOf(parts);
    }

    /** All of it, each in a directory {@code NAME-SEED} below this one; the first seed of all variations comes first. */
    public List<PlannedRun> runs(Path directory) {
        int most = parts.stream().mapToInt(p -> seeds(p).size()).max().orElse(0);
        return Stream.iterate(0, i -> i < most, i -> i + 1)
                .flatMap(i ->
                        parts.stream().filter(p -> i < seeds(p).size()).map(p -> run(p, seeds(p).get(i), directory)))
                .toList();
    }

    private List<Long> seeds(Part part) {
        return study.seeds(part.variation);
    }

    private static PlannedRun run(Part part, long seed, Path directory) {
        return new PlannedRun(part, seed, directory.resolve(part.variation.name() + "-" + seed));
    }

    /**
     * Takes a finished run from elsewhere into the study, if it is one of it and is not there yet.
     *
     * @param into where the study's runs are
     * @throws ResidualException when it is not finished, or fits nowhere; the sentence says what is different
     */
    public Adopted adopt(Path path, Path into) {
        FoundRun run = FoundRun.read(path);
        ResidualException.require(
                run.isFinished(),
                path + " is " + run.state() + " at iteration " + run.iteration()
                        + ": only a finished run can be adopted");
        PlannedRun nearest = runs(into).stream()
                .min(Comparator.comparingInt(p -> p.differences(run).size()))
                .orElseThrow();
        List<String> differences = nearest.differences(run);
        ResidualException.require(
                differences.isEmpty(),
                path + " matches no run of this study; " + nearest.name() + " is nearest, but it has "
                        + String.join(", ", differences));
        boolean there = nearest.found().map(FoundRun::isFinished).orElse(false);
        if (!there) {
            nearest.adopt(run);
        }
        return new Adopted(nearest, !there);
    }

    /** Of the study's own runs, as far as they are there. */
    public Comparison comparison(Path directory) {
        List<PlannedRun> runs = runs(directory);
        return comparison(part -> runs.stream()
                .filter(run -> run.part().equals(part))
                .flatMap(run -> run.found().stream())
                .toList());
    }

    /**
     * Of runs that were trained somewhere, to their end or until they diverged, with whatever seeds: of each variation
     * the longest, one of each seed.
     *
     * @param seeds of each variation at most, the smallest first
     */
    public Comparison comparison(List<FoundRun> runs, int seeds) {
        return comparison(part -> {
            List<FoundRun> own =
                    runs.stream().filter(run -> run.isOver() && isOf(part, run)).toList();
            long longest = own.stream().mapToLong(FoundRun::length).max().orElse(0);
            List<FoundRun> compared = Comparison.oneOfEachSeed(
                    own.stream().filter(run -> run.length() == longest).toList());
            return compared.subList(0, Math.min(seeds, compared.size()));
        });
    }

    /** Whether it is a run of the variation, though perhaps a shorter one. */
    private static boolean isOf(Part part, FoundRun run) {
        Wanted wanted;
        try {
            wanted = part.atLength.apply(run.length());
        } catch (ResidualException e) {
            return false; // its options are for longer runs, such as a warm-up of more iterations
        }
        return wanted.differences(run.config()).isEmpty();
    }

    private Comparison comparison(Function<Part, List<FoundRun>> runs) {
        return new Comparison(
                study,
                parts.stream()
                        .map(part -> new Row(
                                part.variation,
                                part.options,
                                study.measure(),
                                part.wanted,
                                part.iterations,
                                runs.apply(part)))
                        .toList());
    }
}
