package dev.residual.launch;

import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.distributed.ProcessGroup;
import dev.residual.run.Checkpoint;
import dev.residual.run.Checkpoints;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.run.RunDirectory.Claimed;
import dev.residual.run.RunOptions;
import dev.residual.train.TrainingMemory;
import dev.residual.train.TrainingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A run that is ready to be trained, in a directory that no other process can train in until this is closed.
 *
 * @param claimed its directory; empty where nothing is written
 */
public record Launch(TrainingRun run, Optional<Claimed> claimed) implements AutoCloseable {
    /**
     * A run that goes on from its last checkpoint; the directory is process 0's.
     *
     * @param group of the processes that train it; the others need no directory
     * @param changed what is changed in the configuration
     * @param data finds the data set
     * @param warning receives a sentence about a damaged checkpoint that was passed over
     * @throws ResidualException when there is no run, it cannot go on, or the data are not those that it was trained on
     */
    public static Launch resume(
            ProcessGroup group,
            Path run,
            Changes changed,
            Function<RunConfig, Dataset> data,
            Consumer<String> warning) {
        if (group.rank() > 0) {
            return Beginning.receive(group).follow(group, data);
        }
        RunDirectory directory = RunDirectory.open(run);
        Claimed claimed = directory.claim();
        try {
            RunConfig before = RunConfig.read(directory);
            Optional<Checkpoint> checkpoint = new Checkpoints(directory.checkpoints()).latest(warning);
            ResidualException.require(
                    checkpoint.isPresent() || before.made().startedFrom().isEmpty(),
                    directory.path() + " started from the weights of a model, and its checkpoint with them is"
                            + " missing: start it again with 'train --from'");
            ResidualException.require(
                    checkpoint.isPresent() || !hasTrained(directory),
                    directory.path() + " has no checkpoint to resume from; train it again with 'train --config "
                            + RunOptions.quoted(directory.path().toString()) + "'");
            Dataset dataset = data.apply(before);
            RunConfig config = changed.apply(
                    before,
                    checkpoint.map(c -> c.progress().iteration()).orElse(0L),
                    dataset.train().size() - before.data().validation());
            requireSameData(directory.path().toString(), config, dataset);
            TrainingMemory.of(config, dataset).requireRoom();
            TrainingRun resumed = new TrainingRun(config, dataset, Optional.of(directory), checkpoint, group);
            ResidualException.require(
                    !resumed.isOver() || config.recipe().equals(before.recipe()),
                    directory.path() + " was ended by --patience or --max-epochs and cannot be extended");
            new Beginning(config, true, checkpoint).share(group);
            return new Launch(resumed, Optional.of(claimed));
        } catch (RuntimeException | Error e) {
            claimed.close();
            throw e;
        }
    }

    /** Its first checkpoint is written before its first minibatch. */
    private static boolean hasTrained(RunDirectory run) {
        return Files.exists(run.model())
                || new MetricsFile(run.metrics()).read().stream().anyMatch(row -> row.iteration() > 0);
    }

    /** Changes to the configuration on resuming. */
    @FunctionalInterface
    public interface Changes {
        RunConfig apply(RunConfig config, long iterationsDone, int trainingImages);
    }

    static void requireSameData(String run, RunConfig config, Dataset dataset) {
        ResidualException.require(
                config.data().dataset().equals(dataset.name()),
                run + " was trained on " + config.data().dataset() + ", not on " + dataset.name());
        config.data()
                .sha256()
                .forEach((file, sum) -> ResidualException.require(
                        sum.equals(dataset.sha256().get(file)),
                        file + " is not the one that " + run
                                + " was trained on: its SHA-256 differs from that in config.json"));
    }

    @Override
    public void close() {
        claimed.ifPresent(Claimed::close);
    }
}
