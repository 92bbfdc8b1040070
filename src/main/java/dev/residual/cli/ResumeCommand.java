package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.distributed.World;
import dev.residual.launch.Launch;
import dev.residual.recipe.Recipe;
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
        description = "Resumes an interrupted run from its last checkpoint; the result has the same bytes as that of"
                + " an uninterrupted run. With --iterations or --epochs, extends a finished run. The run keeps its"
                + " number of threads unless --threads is given.")
final class ResumeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RUN", description = "A run directory.")
    private Path run;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            description =
                    "Train to N iterations in total; milestones that have passed stay, the others move in proportion.")
    private Long iterations;

    @Option(names = "--epochs", paramLabel = "N", description = "Train to N epochs in total.")
    private Integer epochs;

    @Mixin
    private DataOptions data = new DataOptions();

    @Mixin
    private ThreadsOption threads = new ThreadsOption();

    @Mixin
    private ProcessOptions processes = new ProcessOptions();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Console console = new Console();
        World world = UsageErrors.of(spec, () -> {
            threads.require();
            data.require();
            ResidualException.require(
                    iterations == null || iterations >= 1, "iterations " + iterations + ": expected 1 or more");
            ResidualException.require(epochs == null || epochs >= 1, "epochs " + epochs + ": expected 1 or more");
            ResidualException.require(
                    iterations == null || epochs == null,
                    "--epochs and --iterations both set the length: give one of them");
            return processes.world();
        });
        if (world.place().rank() == 0) {
            RunDirectory.open(run); // before others are started
        }
        int count = threads.count(world.place().localSize());
        return ProcessOptions.run(world, count, spec, console, group -> {
            try (Launch launch = Launch.resume(
                    group.get(),
                    run,
                    (config, done, images) -> changed(config, done, images, world),
                    config -> data.load(
                            config.data(),
                            config.architecture().image().height(),
                            threads.given().orElse(config.compute().threads()),
                            console),
                    console::warn)) {
                return ProcessOptions.train(console, launch);
            }
        });
    }

    private RunConfig changed(RunConfig before, long done, int trainingImages, World world) {
        RunConfig.Compute compute = ProcessOptions.compute(before.compute(), world);
        int count = threads.given().orElse(compute.threads());
        int cores = Runtime.getRuntime().availableProcessors();
        Console console = new Console();
        int processes = before.compute().processes();
        if (processes != compute.processes()) {
            console.warn(run + " was trained by " + (processes == 1 ? "one process" : processes + " processes")
                    + ": with another number its results will differ slightly (--processes " + processes
                    + " continues it as it began)");
        }
        if (count != before.compute().threads() && processes == compute.processes()) {
            console.warn(run + " was trained with " + before.compute().threads() + " threads: with " + count
                    + " its results will differ slightly");
        }
        if (count > cores) {
            console.warn(run + " uses " + count + " threads, more than the " + cores + " cores here: --threads " + cores
                    + " is faster, and rounds differently");
        }
        RunConfig config = before.withCompute(compute.with(compute.processes(), count));
        if (iterations == null && epochs == null) {
            return config;
        }
        long end = iterations != null ? iterations : config.recipe().images().iterations(epochs, trainingImages);
        ResidualException.require(
                end > done,
                run + " has " + done + " iterations behind it already and cannot end after " + end
                        + ": give a larger number");
        Recipe longer = config.recipe().withIterations(end, done);
        AskedRecipe.cutShort(longer, trainingImages).ifPresent(console::warn);
        return config.withRecipe(longer);
    }
}
