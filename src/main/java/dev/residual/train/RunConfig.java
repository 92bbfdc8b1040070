package dev.residual.train;

import dev.residual.AtomicFile;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.model.Architecture;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code config.json}: all that decides how a run goes. The same configuration on the same machine gives the same bytes.
 *
 * @param seed of the initialisation, the order of the images and their augmentation
 * @param threads that an operation uses; another number may round differently
 * @param precision that the network computes in
 * @param device {@code cpu} or {@code cuda}
 * @param checkpointEvery iterations
 * @param logSteps whether the loss of each minibatch goes to {@code steps.csv}
 * @param provenance what else there is to know of the run: versions, machine, time
 */
public record RunConfig(
        Architecture architecture,
        Recipe recipe,
        Data data,
        long seed,
        int threads,
        Precision precision,
        String device,
        long checkpointEvery,
        boolean logSteps,
        Map<String, String> provenance) {
    private static final int MAX_BYTES = 1 << 20;

    /**
     * What is trained on.
     *
     * @param dataset {@code cifar10} or {@code shapes}
     * @param directory where its files are
     * @param validation training images that are held out
     * @param sha256 of each file that was read, by name; empty in a configuration that has not seen its data yet
     */
    public record Data(String dataset, String directory, int validation, Map<String, String> sha256) {
        public Data {
            if (validation < 0) {
                throw new ResidualException("validation " + validation + ": expected 0 or more images");
            }
            sha256 = new TreeMap<>(sha256); // in one order, so that the same run writes the same bytes
        }
    }

    public RunConfig {
        if (threads < 1 || threads > Engine.MAX_THREADS) {
            throw new ResidualException("threads " + threads + ": expected 1 to " + Engine.MAX_THREADS);
        }
        if (checkpointEvery < 1) {
            throw new ResidualException("checkpoint-every " + checkpointEvery + ": expected 1 or more iterations");
        }
        provenance = new TreeMap<>(provenance);
    }

    /** Whether the run began with the weights of a trained network, which its first checkpoint holds. */
    public boolean startedFromWeights() {
        return provenance.containsKey(Provenance.FROM);
    }

    public void write(RunDirectory run) {
        AtomicFile.write(run.config(), out -> out.write((Json.pretty(this) + "\n").getBytes(StandardCharsets.UTF_8)));
    }

    /** @throws ResidualException when it cannot be read, or a key in it is missing, unknown or out of range */
    public static RunConfig read(RunDirectory run) {
        Path file = run.config();
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new ResidualException(file + ": larger than the " + MAX_BYTES + " bytes that it can have");
            }
            return Json.read(Files.readString(file), RunConfig.class, file.toString());
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }
}
