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
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

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
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeUTF(config.json());
            out.writeBoolean(resumed);
            out.writeBoolean(checkpoint.isPresent());
            if (checkpoint.isPresent()) {
                checkpoint.get().write(out);
            }
            group.broadcast(bytes.toByteArray());
            agree(group);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for what process 0 tells; the others call this. */
    static Beginning receive(ProcessGroup group) {
        try {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(group.broadcast(new byte[0])));
            RunConfig config = RunConfig.read(in.readUTF(), PROCESS_0);
            boolean resumed = in.readBoolean();
            Optional<Checkpoint> checkpoint =
                    in.readBoolean() ? Optional.of(Checkpoint.read(in, PROCESS_0)) : Optional.empty();
            return new Beginning(config, resumed, checkpoint);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
