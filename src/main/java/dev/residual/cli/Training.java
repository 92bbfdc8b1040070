package dev.residual.cli;

import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.model.Summary;
import dev.residual.report.RunReports;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunDirectory;
import dev.residual.train.Checkpoint;
import dev.residual.train.Progress;
import dev.residual.train.RunConfig;
import dev.residual.train.TrainingListener;
import dev.residual.train.TrainingRun;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What {@code train} and {@code resume} have in common: a run from here to its end, and the words around it. */
final class Training {
    private final Console console;

    Training(Console console) {
        this.console = console;
    }

    /** @return the exit code */
    int start(RunDirectory directory, RunConfig config, Dataset dataset, Optional<Checkpoint> checkpoint) {
        try (FileChannel claim = directory.lock()) {
            boolean finished = train(directory, config, dataset, checkpoint);
            if (!finished) {
                console.note("Interrupted; the checkpoint is written. Go on with:  " + Console.command() + " resume "
                        + directory.path());
                return Main.INTERRUPTED;
            }
            RunReports.write(directory, config, Optional.of(dataset), console::warn);
            farewell(directory, config);
            return Main.OK;
        } catch (IOException e) {
            throw new IllegalStateException("the claim on a run directory could not be given up", e);
        }
    }

    private boolean train(RunDirectory directory, RunConfig config, Dataset dataset, Optional<Checkpoint> checkpoint) {
        try (Interruption interruption = new Interruption(console)) {
            TrainingRun run = new TrainingRun(directory, config, dataset, interruption);
            Progress start = checkpoint.map(Checkpoint::progress).orElseGet(() -> Progress.start(config.recipe()));
            try (TrainingView view =
                    new TrainingView(console, config.recipe(), start, run.lastIteration(), run.batchesPerEpoch())) {
                TrainingListener greeting = new TrainingListener() {
                    @Override
                    public void onStart(Progress progress) {
                        greet(directory, config, dataset, run, progress);
                    }
                };
                return run.run(checkpoint, TrainingListener.all(greeting, view));
            }
        }
    }

    private void greet(RunDirectory directory, RunConfig config, Dataset dataset, TrainingRun run, Progress start) {
        console.line(String.format(
                Locale.ROOT,
                "%s on %s, %s recipe: %,d parameters, %,d training images, %,d iterations of %d (%.1f epochs)",
                config.architecture().name(),
                dataset.name(),
                config.recipe().name(),
                Summary.of(config.architecture()).parameters(),
                dataset.train().size() - config.data().validation(),
                run.lastIteration(),
                config.recipe().batchSize(),
                (double) run.lastIteration() / run.batchesPerEpoch()));
        console.line("into " + directory.path() + ", on " + config.device() + " in " + config.precision() + " with "
                + config.threads()
                + (config.threads() == 1 ? " thread" : " threads") + ", seed " + config.seed()
                + (start.iteration() > 0 ? ", going on from iteration " + start.iteration() : ""));
    }

    private void farewell(RunDirectory directory, RunConfig config) {
        List<Metrics> rows = new MetricsFile(directory.metrics()).read();
        Metrics last = rows.get(rows.size() - 1);
        console.line("");
        console.line(String.format(
                Locale.ROOT,
                "Test accuracy %.2f %% after the last iteration; %s of training.",
                last.testAccuracy(),
                Console.span(last.seconds())));
        console.line("  curves   " + directory.curves());
        console.line("  report   " + directory.report());
        console.line("  model    " + directory.model());
        String residual = Console.command();
        console.line("Next:  " + residual + " evaluate " + directory.path() + "   its accuracy, class by class");
        if (config.data().dataset().equals(Datasets.SHAPES)) {
            console.line("       " + residual + " train --data data --iterations 7820"
                    + "   the paper's ResNet-20 on CIFAR-10, downloaded once");
        } else {
            console.line("       " + residual + " resume " + directory.path() + " --iterations N   train for longer");
        }
    }
}
