package dev.residual.cli;

import dev.residual.Text;
import dev.residual.data.Datasets;
import dev.residual.graph.Summary;
import dev.residual.launch.Launch;
import dev.residual.recipe.Recipe;
import dev.residual.recipe.RecipeChanges;
import dev.residual.report.RunReports;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.run.RunOptions;
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
    private final boolean locked;

    TrainingScreen(Console console, Launch launch) {
        this.console = console;
        run = launch.run();
        directory = launch.claimed().orElseThrow().run();
        locked = launch.claimed().orElseThrow().lock().isHeld();
    }

    /** @return the exit code */
    int run() {
        Optional<Trained> trained = train();
        if (trained.isEmpty()) {
            int processes = run.config().compute().processes();
            console.note("Interrupted; the checkpoint is written. Resume with:  " + Console.command() + " resume "
                    + path()
                    + (processes > 1 ? "   and the same number of processes (" + processes + ")" : ""));
            return Main.INTERRUPTED;
        }
        console.line("");
        console.line(String.format(
                Locale.ROOT,
                "Test accuracy %.2f %% after the last iteration; %s of training.",
                trained.get().metrics().test().accuracy(),
                Text.duration(trained.get().metrics().time().seconds())));
        if (run.config().compute().processes() > 1) {
            console.line(String.format(
                    Locale.ROOT, "%.1f s of that for summing gradients over the processes.", run.allReduceSeconds()));
        }
        report();
        farewell(trained.get());
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
        console.line(config.architecture().name() + " on " + run.dataset().name() + ", "
                + RecipeChanges.title(config.recipe(), config.architecture()));
        console.line(String.format(
                Locale.ROOT,
                "  %,d training images, %,d iterations of %d (%.1f epochs), seed %d",
                run.dataset().train().size() - config.data().validation(),
                run.lastIteration(),
                config.recipe().images().batchSize(),
                (double) run.lastIteration() / run.batchesPerEpoch(),
                config.seed()));
        int threads = config.compute().threads();
        int processes = config.compute().processes();
        console.line(String.format(
                Locale.ROOT,
                "  %,d parameters, on %s in %s with %s%d thread%s, about %s of memory%s",
                Summary.of(config.architecture().graph()).parameters(),
                config.compute().device(),
                config.compute().precision(),
                processes > 1 ? processes + " processes of " : "",
                threads,
                threads == 1 ? "" : "s",
                TrainingMemory.of(config, run.dataset()),
                processes > 1 ? " each" : ""));
        if (!locked) {
            console.warn("the file system of " + directory.path()
                    + " does not support locks: make sure that no other process trains there");
        }
        long done = run.start().iteration();
        console.line("  into " + directory.path() + (done > 0 ? ", resuming at iteration " + done : ""));
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
                | OutOfMemoryError
                | InternalError e) { // Java2D without fonts throws all of these
            console.warn("the report could not be written (" + e.getMessage() + "); '" + Console.command() + " report "
                    + path() + "' tries again");
        }
    }

    private void farewell(Trained trained) {
        console.line("  model    " + directory.model());
        if (run.config().keep().best()) {
            console.line("  best     " + directory.best() + ", by its validation accuracy");
        }
        String residual = Console.command();
        console.line("Its accuracy, class by class:");
        console.line("  " + residual + " evaluate " + path());
        if (run.dataset().name().equals(Datasets.SHAPES)) {
            console.line("The paper's ResNet-20 on CIFAR-10, which is downloaded once:");
            console.line("  " + residual + " train --data data --iterations 7820");
        } else if (endedByItsLength(trained)) {
            console.line("To train for longer:");
            console.line("  " + residual + " resume " + path() + " --iterations N");
        }
    }

    /** As a person types it. */
    private String path() {
        return RunOptions.quoted(directory.path().toString());
    }

    /** And not by {@code --patience} or {@code --max-epochs}; only then can it be extended. */
    private boolean endedByItsLength(Trained trained) {
        Recipe.Length length = run.config().recipe().length();
        long end = trained.metrics().iteration();
        return end == run.lastIteration()
                && end >= length.iterations()
                && !run.config().isOutOfPatience(new MetricsFile(directory.metrics()).read())
                && (length.maxEpochs() == 0 || (long) length.maxEpochs() * run.batchesPerEpoch() > end);
    }
}
