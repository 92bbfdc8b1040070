package dev.residual.study;

import dev.residual.graph.Summary;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** How far the runs of a study have come. They are weighed by their multiply-adds: a deep network's step takes longer. */
public final class StudyProgress {
    private final Map<PlannedRun, Done> runs = new LinkedHashMap<>();
    private final double before;
    private final long start = System.nanoTime();
    private final int parallel;

    /**
     * @param of iterations that it is to have, or has where it is over, be it early
     * @param iterations trained on
     */
    private record Done(double weight, long of, long iterations, double seconds) {
        double work() {
            return weight * iterations;
        }

        double left() {
            return weight * (of - iterations);
        }
    }

    /** @param parallel processes at once */
    public StudyProgress(List<PlannedRun> planned, int parallel) {
        planned.forEach(this::update);
        long open = runs.values().stream().filter(d -> d.left() > 0).count();
        this.parallel = (int) Math.max(1, Math.min(parallel, open));
        before = work();
    }

    /** Looks where a run is now. */
    public void update(PlannedRun run) {
        long of = run.part().wanted().iterations();
        double weight = Summary.of(run.part().wanted().architecture().graph()).multiplyAdds();
        Done done = run.found()
                .map(f -> new Done(
                        weight,
                        f.isOver() ? f.iteration() : Math.max(of, f.iteration()),
                        f.iteration(),
                        f.last().map(m -> m.time().seconds()).orElse(0.0)))
                .orElse(new Done(weight, of, 0, 0));
        runs.put(run, done);
    }

    private double work() {
        return runs.values().stream().mapToDouble(Done::work).sum();
    }

    private double left() {
        return runs.values().stream().mapToDouble(Done::left).sum();
    }

    /** From 0 to 1. */
    public double fraction() {
        return work() + left() == 0 ? 1 : work() / (work() + left());
    }

    public long iterations(PlannedRun run) {
        return runs.get(run).iterations;
    }

    /**
     * By the speed since the start, of all runs together, or of one where the longest is left behind; as long as that tells
     * nothing, by what the runs took before.
     */
    public OptionalDouble secondsLeft() {
        double now = work();
        double longest = runs.values().stream().mapToDouble(Done::left).max().orElse(0);
        double left = Math.max(left(), parallel * longest);
        if (now > before) {
            return OptionalDouble.of((System.nanoTime() - start) / 1e9 / (now - before) * left);
        }
        double seconds = runs.values().stream().mapToDouble(Done::seconds).sum();
        return now > 0 && seconds > 0 ? OptionalDouble.of(seconds / now * left / parallel) : OptionalDouble.empty();
    }
}
