package dev.residual.cli;

import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.model.Summary;
import dev.residual.report.RunReports;
import dev.residual.run.Metrics;
import dev.residual.run.RunDirectory;
import dev.residual.train.Checkpoint;
import dev.residual.train.Progress;
import dev.residual.train.RunConfig;
import dev.residual.train.TrainingListener;
import dev.residual.train.TrainingMemory;
import dev.residual.train.TrainingRun;
import java.awt.AWTError;
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
        Optional<Metrics> last = train(directory, config, dataset, checkpoint);
        if (last.isEmpty()) {
            console.note("Interrupted; the checkpoint is written. Go on with:  " + Console.command() + " resume "
                    + directory.path());
            return Main.INTERRUPTED;
        }
        console.line("");
        console.line(String.format(
                Locale.ROOT,
                "Test accuracy %.2f %% after the last iteration; %s of training.",
                last.get().testAccuracy(),
                Console.span(last.get().seconds())));
        report(directory, config, dataset);
        farewell(directory, config);
        return Main.OK;
    }

    /** Training is over and its model is written, so that no fault of the report may end it with an error. */
    private void report(RunDirectory directory, RunConfig config, Dataset dataset) {
        try {
            RunReports.write(directory, config, Optional.of(dataset), console::warn);
            console.line("  curves   " + directory.curves());
            console.line("  report   " + directory.report());
        } catch (RuntimeException
                | LinkageError
                | AWTError
                | InternalError e) { // Java2D without fonts throws all of these
            console.warn("the report could not be made (" + e.getMessage() + "); '" + Console.command() + " report "
                    + directory.path() + "' tries again");
        }
    }

    private Optional<Metrics> train(
            RunDirectory directory, RunConfig config, Dataset dataset, Optional<Checkpoint> checkpoint) {
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
                + (start.iteration() > 0 ? ", going on from iteration " + start.iteration() : "")
                + "; about " + TrainingMemory.of(config, dataset) + " of memory");
    }

    private void farewell(RunDirectory directory, RunConfig config) {
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
