package dev.residual.cli;

import dev.residual.Text;
import dev.residual.data.Datasets;
import dev.residual.graph.Summary;
import dev.residual.launch.Launch;
import dev.residual.report.RunReports;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.train.Trained;
import dev.residual.train.TrainingEvent;
import dev.residual.train.TrainingMemory;
import dev.residual.train.TrainingRun;
import java.awt.AWTError;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/** What {@code train} and {@code resume} have in common: a run to its end, and the words around it. */
final class TrainingScreen {
    private final Console console;
    private final TrainingRun run;
    private final RunDirectory directory;

    TrainingScreen(Console console, Launch launch) {
        this.console = console;
        run = launch.run();
        directory = launch.claimed().orElseThrow().run();
    }

    /** @return the exit code */
    int run() {
        Optional<Trained> trained = train();
        if (trained.isEmpty()) {
            console.note("Interrupted; the checkpoint is written. Go on with:  " + Console.command() + " resume "
                    + directory.path());
            return Main.INTERRUPTED;
        }
        console.line("");
        console.line(String.format(
                Locale.ROOT,
                "Test accuracy %.2f %% after the last iteration; %s of training.",
                trained.get().metrics().test().accuracy(),
                Text.duration(trained.get().metrics().time().seconds())));
        report();
        farewell();
        return Main.OK;
    }

    private Optional<Trained> train() {
        try (Interruption interruption = new Interruption(console);
                TrainingView view = new TrainingView(console, run)) {
            Consumer<TrainingEvent> greeting = event -> {
                if (event instanceof TrainingEvent.Started) {
                    greet();
                }
            };
            return run.run(greeting.andThen(view), interruption);
        }
    }

    private void greet() {
        RunConfig config = run.config();
        console.line(String.format(
                Locale.ROOT,
                "%s on %s, %s recipe: %,d parameters, %,d training images, %,d iterations of %d (%.1f epochs)",
                config.architecture().name(),
                run.dataset().name(),
                config.recipe().name(),
                Summary.of(config.architecture().graph()).parameters(),
                run.dataset().train().size() - config.data().validation(),
                run.lastIteration(),
                config.recipe().images().batchSize(),
                (double) run.lastIteration() / run.batchesPerEpoch()));
        int threads = config.compute().threads();
        long done = run.start().iteration();
        console.line("into " + directory.path() + ", on " + config.compute().device() + " in "
                + config.compute().precision() + " with " + threads + (threads == 1 ? " thread" : " threads")
                + ", seed "
                + config.seed()
                + (done > 0 ? ", going on from iteration " + done : "")
                + "; about " + TrainingMemory.of(config, run.dataset()) + " of memory");
    }

    /** Training is over and its model is written, so that no fault of the report may end it with an error. */
    private void report() {
        try {
            RunReports.write(directory, run.config(), Optional.of(run.dataset()), console::warn);
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

    private void farewell() {
        console.line("  model    " + directory.model());
        String residual = Console.command();
        console.line("Next:  " + residual + " evaluate " + directory.path() + "   its accuracy, class by class");
        if (run.dataset().name().equals(Datasets.SHAPES)) {
            console.line("       " + residual + " train --data data --iterations 7820"
                    + "   the paper's ResNet-20 on CIFAR-10, downloaded once");
        } else {
            console.line("       " + residual + " resume " + directory.path() + " --iterations N   train for longer");
        }
    }
}
