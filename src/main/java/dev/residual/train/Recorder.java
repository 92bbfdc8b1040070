package dev.residual.train;

import dev.residual.ResidualException;
import dev.residual.run.EventsFile;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunDirectory;
import dev.residual.run.RunLog;
import dev.residual.run.StepsFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes what happens into the run directory: {@code metrics.csv}, TensorBoard events, {@code train.log}, and
 * {@code steps.csv} where it is wanted.
 */
final class Recorder implements TrainingListener {
    private final MetricsFile file;
    private final List<Metrics> rows;
    private final EventsFile events;
    private final RunLog log;
    private final Optional<StepsFile> steps;

    /**
     * @param start where training starts from. Rows that were written after it belong to a time that will come again, and
     *     go
     * @param logSteps whether to write {@code steps.csv}
     */
    Recorder(RunDirectory run, Progress start, boolean logSteps) {
        file = new MetricsFile(run.metrics());
        List<Metrics> earlier = file.read();
        rows = new ArrayList<>(earlier.subList(0, Math.min(earlier.size(), start.rows())));
        file.write(rows);
        events = new EventsFile(run.path(), rows);
        log = new RunLog(run.log());
        steps = logSteps ? Optional.of(new StepsFile(run.steps())) : Optional.empty();
        steps.ifPresent(s -> s.keep(start.iteration()));
        log.line("iteration " + start.iteration() + ": training begins");
    }

    /** Notes what ended the run before its time. */
    void failed(RuntimeException e) {
        try {
            log.line("failed: " + e.getMessage());
        } catch (ResidualException full) {
            // Where nothing can be written, what failed first is what matters.
        }
    }

    @Override
    public void onStep(Progress progress, double loss, double learningRate) {
        steps.ifPresent(s -> s.add(progress.iteration(), learningRate, loss));
    }

    @Override
    public void onLearningRate(long iteration, double learningRate) {
        log.line("iteration " + iteration + ": learning rate " + MetricsFile.rate(learningRate));
    }

    @Override
    public void onEpoch(Metrics row) {
        rows.removeIf(r -> r.epoch() == row.epoch()); // of an end in its middle, which is no end any more
        rows.add(row);
        file.write(rows);
        events.add(row);
        log.line("epoch " + row.epoch() + ", iteration " + row.iteration() + ": train loss " + row.trainLoss()
                + ", train accuracy " + row.trainAccuracy() + ", test loss " + row.testLoss() + ", test accuracy "
                + row.testAccuracy());
    }

    @Override
    public void onCheckpoint(Progress progress) {
        log.line("iteration " + progress.iteration() + ": checkpoint written");
    }
}
