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

    /** @param iterations trained on, all of them where the run is over */
    private record Done(double weight, long of, long iterations, double seconds) {
        double work() {
            return weight * iterations;
        }
    }

    /** @param parallel processes at once */
    public StudyProgress(List<PlannedRun> planned, int parallel) {
        this.parallel = parallel;
        planned.forEach(this::update);
        before = work();
    }

    /** Looks where a run is now. */
    public void update(PlannedRun run) {
        long of = run.part().wanted().iterations();
        double weight = Summary.of(run.part().wanted().architecture().graph()).multiplyAdds();
        Done done = run.found()
                .map(f -> new Done(
                        weight,
                        of,
                        f.isOver() ? of : Math.min(of, f.iteration()),
                        f.last().map(m -> m.time().seconds()).orElse(0.0)))
                .orElse(new Done(weight, of, 0, 0));
        runs.put(run, done);
    }

    private double work() {
        return runs.values().stream().mapToDouble(Done::work).sum();
    }

    private double all() {
        return runs.values().stream().mapToDouble(d -> d.weight * d.of).sum();
    }

    /** From 0 to 1. */
    public double fraction() {
        return work() / all();
    }

    public long iterations(PlannedRun run) {
        return runs.get(run).iterations;
    }

    /** By the speed since the start; as long as that tells nothing, by what the runs took before. */
    public OptionalDouble secondsLeft() {
        double now = work();
        double left = all() - now;
        if (now > before) {
            return OptionalDouble.of((System.nanoTime() - start) / 1e9 / (now - before) * left);
        }
        double seconds = runs.values().stream().mapToDouble(Done::seconds).sum();
        return now > 0 && seconds > 0 ? OptionalDouble.of(seconds / now * left / parallel) : OptionalDouble.empty();
    }
}
