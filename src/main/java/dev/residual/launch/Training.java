package dev.residual.launch;

import dev.residual.ResidualException;
import dev.residual.backend.Backend;
import dev.residual.data.Dataset;
import dev.residual.data.ImageSet;
import dev.residual.distributed.ProcessGroup;
import dev.residual.graph.Shape;
import dev.residual.model.Model;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Recipe;
import dev.residual.run.Checkpoint;
import dev.residual.run.Checkpoints;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.run.RunDirectory.Claimed;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.train.Trained;
import dev.residual.train.TrainingEvent;
import dev.residual.train.TrainingMemory;
import dev.residual.train.TrainingRun;
import dev.residual.train.WarmStart;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Trains a network. Settings that are not given have the command line's defaults, but nothing is written without
 * {@link #output}.
 *
 * <pre>{@code
 * Dataset data = Datasets.load("shapes", Path.of("data"));
 * Architecture resnet20 = Architecture.of("resnet20");
 * Trained trained = Training.of(resnet20, data)
 *         .recipe(Recipe.paper(resnet20).withIterations(800))
 *         .output(Path.of("runs/shapes"))
 *         .run();
 * }</pre>
 */
public final class Training {
    private final Architecture architecture;
    private final Dataset dataset;
    private Recipe recipe;
    private long seed = 1;
    private String dataDirectory = "";
    private int validation;
    private int threads = Runtime.getRuntime().availableProcessors();
    private String precision = "auto";
    private String device = "auto";
    private String backend = "auto";
    private RunConfig.Keep keep = new RunConfig.Keep(RunConfig.Keep.DEFAULT_EVERY, false, false);
    private Optional<WarmStart> warmStart = Optional.empty();
    private Optional<Path> output = Optional.empty();
    private int frozenStages;
    private boolean numbered;
    private Consumer<TrainingEvent> listener = event -> {};
    private ProcessGroup group = ProcessGroup.ALONE;
    private boolean syncBatchNorm;

    private Training(Architecture architecture, Dataset dataset) {
        this.dataset = dataset;
        this.architecture = architecture.withClasses(dataset.classes().size()).withImage(image());
        recipe = Recipe.paper(architecture);
    }

    /** By the paper's recipe. */
    public static Training of(Architecture architecture, Dataset dataset) {
        return new Training(architecture, dataset);
    }

    public Training recipe(Recipe other) {
        recipe = other;
        return this;
    }

    /** Sets the seed of the initialisation, the order of the images and their augmentation. */
    public Training seed(long number) {
        seed = number;
        return this;
    }

    /** Holds training images out, and evaluates on them too. */
    public Training validation(int images) {
        validation = images;
        return this;
    }

    /** Sets the threads of an operation; default: the cores. */
    public Training threads(int count) {
        threads = count;
        return this;
    }

    /** Sets the precision: {@code auto}, {@code fp32} or {@code bf16}; default: {@code auto}. */
    public Training precision(String name) {
        precision = name;
        return this;
    }

    /** {@code auto}, {@code cpu} or {@code cuda}. */
    public Training device(String name) {
        device = name;
        return this;
    }

    /** {@code auto}, {@code onednn} or {@code libtorch}. */
    public Training backend(String name) {
        backend = name;
        return this;
    }

    /** Sets what a run directory keeps; default: a checkpoint every 500 iterations, and the model of the last one. */
    public Training keep(RunConfig.Keep what) {
        keep = what;
        return this;
    }

    /**
     * Starts from a model's weights instead of random ones, with the normalisation that they were trained with.
     * If the classes are not the model's, the last layer is initialised anew; images may be of another size.
     *
     * @param name as the provenance will have it
     * @throws ResidualException when the model is of another architecture, or a weight is NaN or infinite
     */
    public Training startFrom(String name, Model model) {
        model.requireFinite(name);
        ResidualException.require(
                fitted(model.architecture()).equals(architecture),
                name + " is a " + model.architecture().name() + ", the new network a " + architecture.name());
        warmStart = Optional.of(new WarmStart(name, model));
        return this;
    }

    /** Keeps the first stages, and what comes before them, as they are in the model that the run starts from. */
    public Training freeze(int stages) {
        frozenStages = stages;
        return this;
    }

    /**
     * Where the run directory is made; without one nothing is written, and the model is what {@link #run} returns.
     * {@code residual report} adds curves and a page to it.
     */
    public Training output(Path directory) {
        output = Optional.of(directory);
        numbered = false;
        return this;
    }

    /** The same; where the name is taken, a number is added. */
    public Training outputOrNext(Path directory) {
        output = Optional.of(directory);
        numbered = true;
        return this;
    }

    /** Where the data set was found, for {@code config.json}, so that {@code resume} finds it there. */
    public Training dataDirectory(String directory) {
        dataDirectory = directory;
        return this;
    }

    /** Is told what happens, on the thread that trains. */
    public Training listener(Consumer<TrainingEvent> consumer) {
        listener = consumer;
        return this;
    }

    /** Whether BN's statistics are those of the whole minibatch; by default they are of each process's part. */
    public Training syncBatchNorm(boolean on) {
        syncBatchNorm = on;
        return this;
    }

    /** The processes that train it together; the run directory is process 0's. */
    public Training processes(ProcessGroup all) {
        group = all;
        return this;
    }

    /**
     * Trains to the end.
     *
     * @throws ResidualException when something outside is wrong, or training diverges
     */
    public Trained run() {
        try (Launch launch = launch()) {
            return launch.run().run(listener, () -> false).orElseThrow();
        }
    }

    /**
     * Checks everything, and claims the run directory; nothing is trained yet. To be able to stop it:
     *
     * <pre>{@code
     * try (Launch launch = training.launch()) {
     *     Optional<Trained> trained = launch.run().run(listener, stop); // empty when it was stopped
     * }
     * }</pre>
     *
     * {@link Launch#resume} then continues from the last checkpoint. The listener set with {@link #listener} is not used.
     */
    public Launch launch() {
        ResidualException.require(
                frozenStages == 0 || warmStart.isPresent(),
                "freeze " + frozenStages + ": only trained weights can be frozen, so start from a model");
        ResidualException.require(
                !keep.best() || output.isPresent(), "keep best: expected an output directory to keep it in");
        RunConfig config = config();
        new TrainingRun(config, dataset, Optional.empty(), Optional.empty()); // does all of it fit together?
        TrainingMemory.of(config, dataset).requireRoom();
        if (group.rank() > 0) {
            Beginning beginning = Beginning.receive(group);
            beginning.requireSame(config, group);
            return beginning.follow(group, c -> dataset);
        }
        Optional<Checkpoint> first = warmStart.map(w -> w.checkpoint(config, dataset.classes()));
        Optional<Claimed> claimed =
                output.map(path -> numbered ? RunDirectory.createNext(path) : RunDirectory.create(path));
        try {
            // The checkpoint is there before config.json, which makes a run of the directory.
            first.ifPresent(c -> claimed.ifPresent(d -> new Checkpoints(d.run().checkpoints()).write(c)));
            TrainingRun run = new TrainingRun(config, dataset, claimed.map(Claimed::run), first, group);
            new Beginning(config, false, first).share(group);
            return new Launch(run, claimed);
        } catch (RuntimeException | Error e) {
            claimed.ifPresent(Claimed::close);
            throw e;
        }
    }

    /** But for the number of classes and the size of the images, which are the data set's. */
    private Architecture fitted(Architecture other) {
        return other.withClasses(architecture.classes()).withImage(image());
    }

    private Shape image() {
        return new Shape(
                ImageSet.CHANNELS, dataset.train().side(), dataset.train().side());
    }

    private RunConfig config() {
        Engine.start(threads);
        Device where = Device.of(device);
        Precision chosen = Backend.precision(precision, where);
        String description;
        try (Backend computing = Backend.of(backend, where, chosen)) {
            description = computing.description();
        }
        Recipe own = warmStart.map(w -> w.normalized(recipe)).orElse(recipe);
        return new RunConfig(
                architecture,
                frozenStages,
                own,
                new RunConfig.Data(dataset.name(), dataDirectory, validation, dataset.testFraction(), dataset.sha256()),
                seed,
                new RunConfig.Compute(group.size(), syncBatchNorm, threads, chosen, where.toString(), backend),
                keep,
                RunConfig.Made.now(
                        description, warmStart.map(WarmStart::lineage).orElse(List.of())));
    }
}
