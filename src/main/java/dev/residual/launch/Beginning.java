package dev.residual.launch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.residual.Json;
import dev.residual.data.Dataset;
import dev.residual.distributed.ProcessGroup;
import dev.residual.distributed.Rendezvous;
import dev.residual.run.Checkpoint;
import dev.residual.run.RunConfig;
import dev.residual.train.TrainingRun;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a run of several processes begins with. Process 0, which alone has the run directory, tells the others.
 *
 * @param resumed whether the others take the configuration as it is; otherwise each must have been told the same
 */
record Beginning(RunConfig config, boolean resumed, Optional<Checkpoint> checkpoint) {
    private static final String PROCESS_0 = "what process 0 sent";

    /** Tells the others, and returns once all of them follow; process 0 calls this. */
    void share(ProcessGroup group) {
        if (group.size() == 1) {
            return;
        }
        group.broadcast(config.json().getBytes(StandardCharsets.UTF_8));
        group.broadcast(new byte[] {flag(resumed), flag(checkpoint.isPresent())});
        checkpoint.ifPresent(c -> c.send(group::broadcast));
        agree(group);
    }

    private static byte flag(boolean value) {
        return (byte) (value ? 1 : 0);
    }

    /** Waits for what process 0 tells; the others call this. */
    static Beginning receive(ProcessGroup group) {
        Supplier<byte[]> next = () -> group.broadcast(new byte[0]);
        RunConfig config = RunConfig.read(new String(next.get(), StandardCharsets.UTF_8), PROCESS_0);
        byte[] flags = next.get();
        Optional<Checkpoint> checkpoint =
                flags[1] == 1 ? Optional.of(Checkpoint.receive(next, PROCESS_0)) : Optional.empty();
        return new Beginning(config, flags[0] == 1, checkpoint);
    }

    /**
     * The run as a process other than 0 has it.
     *
     * @param data finds the data set on this machine
     * @throws dev.residual.ResidualException when the data are others
     */
    Launch follow(ProcessGroup group, Function<RunConfig, Dataset> data) {
        Dataset dataset = data.apply(config);
        Launch.requireSameData("process 0", config, dataset);
        TrainingRun run = new TrainingRun(config, dataset, Optional.empty(), checkpoint, group);
        agree(group);
        return new Launch(run, Optional.empty());
    }

    /** Waits for all: before that, there is no config.json, which makes a run of the directory. */
    private static void agree(ProcessGroup group) {
        group.allReduce(new double[1]);
    }

    /** @throws dev.residual.ResidualException that names the first difference, unless it is one of place or time */
    void requireSame(RunConfig mine, ProcessGroup group) {
        if (!resumed) {
            Rendezvous.requireSame(comparable(mine), comparable(config), group.rank());
        }
    }

    private static JsonNode comparable(RunConfig config) {
        ObjectNode tree = (ObjectNode) Json.tree(config.json(), PROCESS_0);
        tree.withObject("/data").remove("directory");
        tree.withObject("/made").remove("started");
        tree.withObject("/made/software").remove(List.of("java", "os", "processor"));
        return tree;
    }
}
