package dev.residual.cli;

import dev.residual.Text;
import dev.residual.run.Metrics;
import dev.residual.study.FoundRun;
import dev.residual.study.PlannedRun;
import dev.residual.study.Processes;
import dev.residual.study.Study;
import dev.residual.study.StudyProgress;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressState;

/** What a person sees while a study is trained: a line for each run, and at a terminal a bar over all of them. */
final class StudyScreen implements Processes.Listener {
    private static final int GAUGE = 24;
    private static final int STEPS = 1_000;

    /** Runs are looked at so often, in nanoseconds; each look reads some small files. */
    private static final long INTERVAL = 1_000_000_000L;

    private final Console console;
    private final Study study;
    private final List<PlannedRun> runs;
    private final Path directory;
    private final Set<PlannedRun> running = new LinkedHashSet<>();
    private StudyProgress progress;
    private ProgressBar bar;
    private long lookedAt;
    private int percent = -1;
    private boolean interrupted;
    private volatile String status = "";

    StudyScreen(Console console, Study study, List<PlannedRun> runs, Path directory) {
        this.console = console;
        this.study = study;
        this.runs = runs;
        this.directory = directory;
    }

    /** @return whether every run is over */
    boolean train(Processes processes) {
        List<FoundRun> found =
                runs.stream().flatMap(run -> run.found().stream()).toList();
        long finished = found.stream().filter(FoundRun::isFinished).count();
        long over = found.stream().filter(FoundRun::isOver).count();
        console.line(study.title());
        console.line(String.format(
                Locale.ROOT,
                "%d runs, %d of them finished%s, into %s; %d at a time with %d thread%s each",
                runs.size(),
                finished,
                over > finished ? " and " + (over - finished) + " diverged" : "",
                directory,
                processes.parallel(),
                processes.threads(),
                processes.threads() == 1 ? "" : "s"));
        if (found.stream().anyMatch(run -> willHaveOtherThreads(run, processes))) {
            console.note("Runs that are resumed keep the number of threads they began with.");
        }
        progress = new StudyProgress(runs, processes.parallel());
        try (Interruption interruption = new Interruption(console)) {
            bar = console.terminal() && over < runs.size() ? console.start(0, STEPS, this::render) : null;
            boolean complete = processes.train(runs, this, interruption);
            interrupted = interruption.getAsBoolean();
            if (interrupted) {
                console.note("Interrupted; what was trained is kept. Run the same command to continue.");
            }
            return complete;
        } finally {
            if (bar != null) {
                bar.close();
            }
        }
    }

    private static boolean willHaveOtherThreads(FoundRun run, Processes processes) {
        int own = Math.max(1, processes.threads() / run.config().compute().processes());
        return run.state() == FoundRun.State.INTERRUPTED
                && run.config().compute().threads() != own;
    }

    boolean interrupted() {
        return interrupted;
    }

    @Override
    public void started(PlannedRun run, long from) {
        running.add(run);
        console.line(run.name() + ": " + (from > 0 ? "resumes at iteration " + from : "starts"));
    }

    @Override
    public void elsewhere(PlannedRun run) {
        running.add(run);
        console.line(run.name() + ": another process trains it; waiting for its end");
    }

    @Override
    public void ended(PlannedRun run, Optional<String> failure) {
        running.remove(run);
        progress.update(run);
        Optional<Metrics> last = run.found().flatMap(FoundRun::last);
        if (failure.isPresent()) {
            console.warn(run.name() + ": " + failure.get());
        } else {
            last.ifPresent(m -> console.line(String.format(
                    Locale.ROOT,
                    "%s: test accuracy %.2f %% after %,d iterations, %s of training",
                    run.name(),
                    m.test().accuracy(),
                    m.iteration(),
                    Text.duration(m.time().seconds()))));
        }
    }

    @Override
    public void waiting() {
        if (System.nanoTime() - lookedAt < INTERVAL) {
            return;
        }
        lookedAt = System.nanoTime();
        running.forEach(progress::update);
        status = status();
        if (bar != null) {
            bar.stepTo((long) (STEPS * progress.fraction()));
        } else if ((int) (100 * progress.fraction()) > percent && !running.isEmpty()) {
            boolean first = percent < 0;
            percent = (int) (100 * progress.fraction());
            if (!first) {
                console.line(status);
            }
        }
    }

    private String status() {
        String left = progress.secondsLeft().isPresent()
                ? ", " + Text.duration(progress.secondsLeft().getAsDouble()) + " left"
                : "";
        return String.format(Locale.ROOT, "%3.0f %%", 100 * progress.fraction())
                + left
                + running.stream()
                        .map(run -> String.format(
                                Locale.ROOT,
                                "%s %,d/%,d",
                                run.name(),
                                progress.iterations(run),
                                run.part().wanted().iterations()))
                        .collect(Collectors.joining("  ", "  ", ""));
    }

    private String render(ProgressState state, int columns) {
        String text = " " + Console.gauge((double) state.getCurrent() / STEPS, GAUGE) + " " + status;
        return columns > 0 ? Columns.cut(text, columns) : text;
    }
}
