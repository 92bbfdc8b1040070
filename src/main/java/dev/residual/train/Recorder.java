package dev.residual.train;

import dev.residual.ResidualException;
import dev.residual.run.EventsFile;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunDirectory;
import dev.residual.run.RunLog;
import java.util.ArrayList;
import java.util.List;

/** Writes what happens into the run directory: {@code metrics.csv}, TensorBoard events, {@code train.log}. */
final class Recorder implements TrainingListener {
    private final MetricsFile file;
    private final List<Metrics> rows;
    private final EventsFile events;
    private final RunLog log;

    /**
     * @param start where training starts from. Rows that were written after it belong to a time that will come again, and
     *     go
     */
    Recorder(RunDirectory run, Progress start) {
        file = new MetricsFile(run.metrics());
        List<Metrics> earlier = file.read();
        rows = new ArrayList<>(earlier.subList(0, Math.min(earlier.size(), start.rows())));
        file.write(rows);
        events = new EventsFile(run.path(), rows);
        log = new RunLog(run.log());
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
