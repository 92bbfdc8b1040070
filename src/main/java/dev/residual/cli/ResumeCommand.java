package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.launch.Launch;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "resume",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Resumes an interrupted run from its last checkpoint, or extends a finished one."
                + " It ends in the same bytes as if it had never been interrupted.")
final class ResumeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RUN", description = "A run directory.")
    private Path run;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            description = "Train to N iterations in all; the milestones that are still to come move in proportion.")
    private Long iterations;

    @Option(names = "--epochs", paramLabel = "N", description = "The same in epochs.")
    private Integer epochs;

    @Mixin
    private DataOptions data = new DataOptions();

    @Mixin
    private ThreadsOption threads = new ThreadsOption();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Console console = new Console();
        Usage.of(spec, () -> {
            threads.require();
            ResidualException.require(
                    iterations == null || epochs == null, "--epochs and --iterations say the same: give one of them");
            return threads;
        });
        try (Launch launch = Launch.resume(
                RunDirectory.open(run),
                this::changed,
                config -> data.load(
                        config.data(),
                        config.architecture().image().height(),
                        threads.given().orElse(config.compute().threads()),
                        console),
                console::warn)) {
            return new TrainingScreen(console, launch).run();
        }
    }

    private RunConfig changed(RunConfig before, long done, int trainingImages) {
        RunConfig.Compute compute = before.compute();
        int count = threads.given().orElse(compute.threads());
        int cores = Runtime.getRuntime().availableProcessors();
        if (count > cores) {
            new Console()
                    .warn(run + " uses " + count + " threads, more than the " + cores + " cores here: --threads "
                            + cores + " is faster, and rounds differently");
        }
        RunConfig config = before.withCompute(
                new RunConfig.Compute(count, compute.precision(), compute.device(), compute.backend()));
        if (iterations == null && epochs == null) {
            return config;
        }
        long end = iterations != null
                ? iterations
                : RecipeOptions.iterations(
                        epochs, trainingImages, config.recipe().images().batchSize());
        ResidualException.require(
                end > done,
                run + " has " + done + " iterations behind it already and cannot end after " + end
                        + ": give a larger number");
        return config.withRecipe(config.recipe().withIterations(end, done));
    }
}
