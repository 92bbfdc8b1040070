package dev.residual.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.residual.AtomicFile;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.graph.Graph;
import dev.residual.model.Software;
import dev.residual.nn.Architecture;
import dev.residual.nn.ArchitectureMigration;
import dev.residual.nn.Freezing;
import dev.residual.recipe.Recipe;
import dev.residual.recipe.RecipeMigration;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * {@code config.json}: all that decides how a run goes. The same configuration on the same machine gives the same bytes.
 *
 * @param frozenStages the first stages, as many as these, stay as they were in the model that the run starts from
 * @param seed of the initialisation, the order of the images and their augmentation
 */
public record RunConfig(
        Architecture architecture,
        int frozenStages,
        Recipe recipe,
        Data data,
        long seed,
        Compute compute,
        Keep keep,
        Made made) {
    private static final int MAX_BYTES = 1 << 20;
    private static final int FORMAT = 3;

    /**
     * What is trained on.
     *
     * @param dataset {@code cifar10}, {@code folder} and so on
     * @param directory where its files are
     * @param validation training images that are held out
     * @param testFraction of each class of a folder of pictures that is held out to test on
     * @param sha256 of each file that was read, by name
     */
    public record Data(
            String dataset, String directory, int validation, OptionalDouble testFraction, Map<String, String> sha256) {
        public Data {
            ResidualException.require(validation >= 0, "validation " + validation + ": expected 0 or more images");
            sha256 = new TreeMap<>(sha256); // in one order, so that the same run writes the same bytes
        }
    }

    /**
     * What computes.
     *
     * @param processes that each take a part of every minibatch; another number rounds differently
     * @param syncBatchNorm whether BN's statistics are those of the whole minibatch, not of each process's part
     * @param threads that an operation uses; another number may round differently
     * @param precision that the network computes in
     * @param device {@code cpu} or {@code cuda}
     * @param backend {@code auto}, {@code onednn} or {@code libtorch}
     */
    public record Compute(
            int processes, boolean syncBatchNorm, int threads, Precision precision, String device, String backend) {
        public Compute {
            ResidualException.require(processes >= 1, "processes " + processes + ": expected 1 or more");
            ResidualException.require(
                    threads >= 1 && threads <= Engine.MAX_THREADS,
                    "threads " + threads + ": expected 1 to " + Engine.MAX_THREADS);
        }

        public Compute with(int otherProcesses, int otherThreads) {
            return new Compute(otherProcesses, syncBatchNorm, otherThreads, precision, device, backend);
        }

        /** By one process. */
        public Compute(int threads, Precision precision, String device, String backend) {
            this(1, false, threads, precision, device, backend);
        }
    }

    /**
     * What is written on the way.
     *
     * @param checkpointEvery iterations from one checkpoint to the next
     * @param logSteps whether the loss of each minibatch goes to {@code steps.csv}
     * @param best whether the network with the best validation accuracy goes to {@code model-best.safetensors}
     */
    public record Keep(long checkpointEvery, boolean logSteps, boolean best) {
        public static final long DEFAULT_EVERY = 500;

        public Keep {
            ResidualException.require(
                    checkpointEvery >= 1, "checkpoint-every " + checkpointEvery + ": expected 1 or more iterations");
        }
    }

    /**
     * With what and when the run was begun.
     *
     * @param started as {@code 2026-01-31T12:00:00Z}
     * @param startedFrom the model whose weights it began with and those that that one began with, a line each, the newest
     *     first; empty where it began with random ones
     */
    public record Made(Software software, String started, List<String> startedFrom) {
        public static Made now(String backend, List<String> startedFrom) {
            String time = OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString();
            return new Made(Software.now(backend), time, startedFrom);
        }
    }

    /** What can be known only from the validation images needs some. */
    public RunConfig {
        ResidualException.require(data.validation > 0 || !keep.best, "keep best needs validation images");
        ResidualException.require(
                data.validation > 0 || recipe.length().patience() == 0,
                "patience " + recipe.length().patience() + " needs validation images");
        ResidualException.require(
                !compute.syncBatchNorm || recipe.evaluations().evalMode(),
                "sync-batch-norm without eval mode: expected one of the two, since evaluation in training mode uses"
                        + " the statistics of each process's images");
    }

    /** What is trained. */
    public Graph graph() {
        return Freezing.of(architecture.graph(), frozenStages);
    }

    public RunConfig withRecipe(Recipe other) {
        return new RunConfig(architecture, frozenStages, other, data, seed, compute, keep, made);
    }

    public RunConfig withCompute(Compute other) {
        return new RunConfig(architecture, frozenStages, recipe, data, seed, other, keep, made);
    }

    public void write(RunDirectory run) {
        String text = json();
        AtomicFile.write(run.config(), text);
    }

    /** What {@link #write} writes. */
    public String json() {
        return Json.pretty(Json.versioned(this, FORMAT)) + "\n";
    }

    /**
     * Reads what {@link #json} made.
     *
     * @param what names the text in error messages
     */
    public static RunConfig read(String json, String what) {
        return Json.readVersioned(json, RunConfig.class, what, List.of(RunConfig::toFormat2, RunConfig::toFormat3));
    }

    /** Whether a run with these metrics has come to its end: the last iteration, or that of its patience. */
    public boolean isFinishedBy(List<Metrics> metrics) {
        return hasReachedLastIteration(metrics) || isOutOfPatience(metrics);
    }

    /** Whether it ended since its validation accuracy did not improve, and not at its last iteration. */
    public boolean isStoppedEarlyBy(List<Metrics> metrics) {
        return isOutOfPatience(metrics) && !hasReachedLastIteration(metrics);
    }

    /** Whether its last epochs have not improved the validation accuracy; such a run cannot be extended. */
    public boolean isOutOfPatience(List<Metrics> metrics) {
        int patience = recipe.length().patience();
        return patience > 0
                && !metrics.isEmpty()
                && wholeEpochs(metrics) - Metrics.best(metrics).epoch() >= patience;
    }

    /** The last row may be of an epoch that the run's end has cut short. */
    private static long wholeEpochs(List<Metrics> metrics) {
        Metrics last = metrics.get(metrics.size() - 1);
        return metrics.stream()
                .filter(m -> m.epoch() == 1)
                .findFirst()
                .map(first -> last.iteration() / first.iteration())
                .orElse((long) last.epoch());
    }

    private boolean hasReachedLastIteration(List<Metrics> metrics) {
        if (metrics.isEmpty()) {
            return false;
        }
        long iteration = metrics.get(metrics.size() - 1).iteration();
        Recipe.Length length = recipe.length();
        if (!length.wholeEpochs() && length.maxEpochs() == 0) {
            return iteration >= length.iterations();
        }
        // An epoch's minibatches; of a run that ended within its first, the data set's size is not asked for either.
        return metrics.stream()
                .filter(m -> m.epoch() == 1)
                .findFirst()
                .map(first -> iteration >= length.last((int) first.iteration()))
                .orElse(false);
    }

    /** @throws ResidualException when it cannot be read, or a key in it is missing, unknown or out of range */
    public static RunConfig read(RunDirectory run) {
        return read(run.config());
    }

    /** The same of a file that is not in its run directory. */
    public static RunConfig read(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new ResidualException(file + ": larger than the " + MAX_BYTES + " bytes that it can have");
            }
            return read(Files.readString(file), file.toString());
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    /** Format 1 is that of 0.1.0: flat, and its provenance free text. */
    private static ObjectNode toFormat2(ObjectNode old) {
        ObjectNode config = Json.object();
        config.set("architecture", ArchitectureMigration.toFormat2(old.get("architecture")));
        config.put("frozenStages", 0);
        config.set("recipe", RecipeMigration.fromFlat(old.get("recipe")));
        config.set("data", ((ObjectNode) old.get("data")).putNull("testFraction"));
        config.set("seed", old.get("seed"));
        ObjectNode compute = config.putObject("compute");
        List.of("threads", "precision", "device").forEach(key -> compute.set(key, old.get(key)));
        compute.put("backend", "auto");
        ObjectNode keep = config.putObject("keep");
        List.of("checkpointEvery", "logSteps").forEach(key -> keep.set(key, old.get(key)));
        keep.put("best", false);
        JsonNode provenance = old.get("provenance");
        ObjectNode made = config.putObject("made");
        ObjectNode software = made.putObject("software");
        List.of("residual", "libtorch", "java", "os", "processor")
                .forEach(key -> software.put(key, provenance.path(key).asText()));
        software.put("backend", "oneDNN " + provenance.path("onednn").asText());
        made.put("started", provenance.path("started").asText());
        made.putArray("startedFrom");
        if (provenance.has("from")) {
            made.withArray("startedFrom").add(provenance.get("from").asText());
        }
        return config;
    }

    /** Until then there was one process. */
    private static ObjectNode toFormat3(ObjectNode config) {
        config.withObject("/compute").put("processes", 1).put("syncBatchNorm", false);
        return config;
    }
}
