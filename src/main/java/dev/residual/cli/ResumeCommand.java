package dev.residual.cli;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.run.RunDirectory;
import dev.residual.run.RunDirectory.Claimed;
import dev.residual.train.Checkpoint;
import dev.residual.train.Checkpoints;
import dev.residual.train.RunConfig;
import dev.residual.train.TrainingMemory;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "resume",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Goes on with an interrupted run from its last checkpoint, or with a finished one for longer."
                + " It ends in the same bytes as if it had never been interrupted.")
final class ResumeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RUN", description = "A run directory.")
    private Path run;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            description = "Train to N iterations in all; the drops that are still to come move in proportion.")
    private Long iterations;

    @Mixin
    private DataOptions data = new DataOptions();

    @Override
    public Integer call() {
        Console console = new Console();
        RunDirectory directory = RunDirectory.open(run);
        try (Claimed claimed = directory.claim()) {
            return resume(claimed.run(), console);
        }
    }

    private int resume(RunDirectory directory, Console console) {
        RunConfig config = RunConfig.read(directory);
        Optional<Checkpoint> checkpoint = new Checkpoints(directory.checkpoints()).latest(console::warn);
        if (checkpoint.isEmpty() && config.startedFromWeights()) {
            throw new ResidualException(
                    run + " started from the weights of a model, and its checkpoint with them is gone:"
                            + " begin it again with 'train --from'");
        }
        if (iterations != null) {
            long done = checkpoint.map(c -> c.progress().iteration()).orElse(0L);
            if (iterations <= done) {
                throw new ResidualException(
                        run + " has " + done + " iterations behind it already: --iterations takes a larger number");
            }
            config = Json.with(config, Map.of("recipe", config.recipe().withIterations(iterations, done)));
        }
        Dataset dataset = data.load(config.data(), config.threads(), console);
        requireSameData(config, dataset);
        TrainingMemory.of(config, dataset).requireRoom();
        return new Training(console).start(directory, config, dataset, checkpoint);
    }

    private void requireSameData(RunConfig config, Dataset dataset) {
        if (!config.data().dataset().equals(dataset.name())) {
            throw new ResidualException(
                    run + " was trained on " + config.data().dataset() + ", not on " + dataset.name());
        }
        config.data().sha256().forEach((file, sum) -> {
            if (!sum.equals(dataset.sha256().get(file))) {
                throw new ResidualException(file + " is not the one that " + run
                        + " was trained on: its SHA-256 differs from that in config.json");
            }
        });
    }
}
