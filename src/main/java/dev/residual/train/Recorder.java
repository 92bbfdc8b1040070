package dev.residual.train;

import dev.residual.ResidualException;
import dev.residual.run.EventsFile;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.Progress;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.run.RunLog;
import dev.residual.run.RunOptions;
import dev.residual.run.StepsFile;
import dev.residual.run.StepsFile.Step;
import dev.residual.train.TrainingEvent.BestKept;
import dev.residual.train.TrainingEvent.CheckpointWritten;
import dev.residual.train.TrainingEvent.EpochEnded;
import dev.residual.train.TrainingEvent.LearningRateChanged;
import dev.residual.train.TrainingEvent.Stepped;
import dev.residual.train.TrainingEvent.StoppedEarly;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Writes what happens into the run directory: {@code metrics.csv}, TensorBoard events, {@code train.log}, and
 * {@code steps.csv} where it is wanted. Of these only {@code metrics.csv} must be written; where another file cannot be,
 * the run goes on, with one warning.
 */
final class Recorder implements Consumer<TrainingEvent> {
    private final MetricsFile file;
    private final List<Metrics> rows;
    private final Optional<EventsFile> events;
    private final RunLog log;
    private final Optional<StepsFile> steps;
    private final Consumer<String> warning;
    private final Set<String> failed = new HashSet<>();

    /**
     * @param start where training starts from. Later rows are dropped, since they will be written again
     * @param backend that computes, as it describes itself
     * @param warning receives a sentence about what cannot be written or has been lost
     */
    Recorder(RunDirectory run, Progress start, RunConfig config, String backend, Consumer<String> warning) {
        this.warning = warning;
        file = new MetricsFile(run.metrics());
        List<Metrics> earlier = file.read();
        rows = new ArrayList<>(earlier.subList(0, Math.min(earlier.size(), start.rows())));
        if (rows.size() < start.rows()) {
            warning.accept(run.metrics() + " has lost the rows of " + (start.rows() - rows.size())
                    + " epochs; the run goes on without them");
        }
        file.write(rows);
        log = new RunLog(run.log());
        steps = config.keep().logSteps() ? optional("steps", () -> steps(run, start)) : Optional.empty();
        List<Step> taken = steps.map(StepsFile::read).orElse(List.of());
        events = optional("events", () -> new EventsFile(run.path(), RunOptions.of(config), rows, taken));
        line("iteration " + start.iteration() + ": training begins, computed by " + backend);
    }

    private StepsFile steps(RunDirectory run, Progress start) {
        StepsFile steps = new StepsFile(run.steps());
        long missing = steps.keep(start.iteration());
        if (missing > 0) {
            warning.accept(
                    run.steps() + " has lost the rows of " + missing + " iterations; the run goes on without them");
        }
        return steps;
    }

    /** @param what the same for each file, to warn of it once */
    private <T> Optional<T> optional(String what, Supplier<T> work) {
        try {
            return Optional.of(work.get());
        } catch (ResidualException e) {
            if (failed.add(what)) {
                warning.accept(e.getMessage() + "; the run goes on without");
            }
            return Optional.empty();
        }
    }

    private void attempt(String what, Runnable work) {
        optional(what, () -> {
            work.run();
            return what;
        });
    }

    private void line(String text) {
        attempt("log", () -> log.line(text));
    }

    /** Notes what ended the run before its time. */
    void failed(RuntimeException e) {
        line("failed: " + ResidualException.firstLine(e));
    }

    @Override
    public void accept(TrainingEvent event) {
        if (event instanceof Stepped s) {
            steps.ifPresent(f -> add(f, new Step(s.progress().iteration(), s.learningRate(), s.loss())));
        } else if (event instanceof LearningRateChanged c) {
            line("iteration " + c.iteration() + ": learning rate " + MetricsFile.rate(c.learningRate()));
        } else if (event instanceof EpochEnded e) {
            add(e.metrics());
        } else if (event instanceof BestKept b) {
            line("epoch " + b.metrics().epoch() + ": kept as the best, by its validation accuracy");
        } else if (event instanceof StoppedEarly s) {
            line(stoppedEarly(s.progress()));
        } else if (event instanceof CheckpointWritten c) {
            line("iteration " + c.progress().iteration() + ": checkpoint written");
        }
    }

    private static String stoppedEarly(Progress progress) {
        return "iteration " + progress.iteration()
                + ": stopped early, since the validation accuracy has not improved since epoch "
                + progress.evaluations().bestEpoch();
    }

    private void add(StepsFile file, Step step) {
        attempt("steps", () -> file.add(step));
        events.ifPresent(e -> attempt("events", () -> e.add(step)));
    }

    private void add(Metrics measured) {
        Metrics row = rows.stream()
                .filter(r -> r.iteration() == measured.iteration())
                .findFirst()
                .map(measured::withTrainingOf) // evaluated once more, after it had ended
                .orElse(measured);
        rows.removeIf(r -> r.epoch() == row.epoch()); // of an end in its middle, which is no end any more
        rows.add(row);
        file.write(rows);
        events.ifPresent(e -> attempt("events", () -> e.add(row)));
        line("epoch " + row.epoch() + ", iteration " + row.iteration() + ": " + MetricsFile.words(row));
    }
}
