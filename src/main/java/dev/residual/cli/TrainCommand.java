package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.data.Folder;
import dev.residual.data.Normalization;
import dev.residual.data.Shapes;
import dev.residual.distributed.World;
import dev.residual.graph.Shape;
import dev.residual.launch.FoundModel;
import dev.residual.launch.Launch;
import dev.residual.launch.Training;
import dev.residual.model.Model;
import dev.residual.nn.Architecture;
import dev.residual.nn.Freezing;
import dev.residual.recipe.Recipe;
import dev.residual.recipe.RecipeChanges;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.study.Wanted;
import dev.residual.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Trains a network and writes a run directory: model, metrics, curves, report.",
        footer = {
            "",
            "The paper's ResNet-20 on CIFAR-10:",
            "  ./residual train --data DIR",
            "What the article's code does:",
            "  ./residual train --architecture article44 --recipe article --data DIR",
            "A first look, without any data:",
            "  ./residual train --dataset shapes --architecture resnet8 --iterations 800"
        })
final class TrainCommand implements Callable<Integer> {
    /** Training images of CIFAR-10 and of CIFAR-100. */
    private static final int CIFAR_IMAGES = 50_000;

    /** More than most folders have, so that no schedule is refused that suits the pictures that are there. */
    private static final int FOLDER_IMAGES = 100_000;

    @Option(
            names = {"-a", "--arch", "--architecture", "--model"},
            paramLabel = "NAME",
            description = "Network, such as resnet20, plain56, resnet18 or wrn-16-4. Default: resnet20, or that of"
                    + " --from.")
    private String architecture;

    @Option(
            names = "--from",
            paramLabel = "MODEL",
            description =
                    "Start from the weights of MODEL instead of random ones, with the normalisation it was trained"
                            + " with; if the classes differ, the last layer is initialised anew. "
                            + Main.MODEL)
    private Path from;

    @Option(
            names = "--freeze",
            paramLabel = "STAGES",
            defaultValue = "0",
            description = "With --from: freeze the first STAGES stages, including their BN statistics. Default:"
                    + " ${DEFAULT-VALUE}.")
    private int freeze;

    @Mixin
    private DataOptions data = new DataOptions();

    @Option(
            names = "--image-size",
            paramLabel = "N",
            description = "For --dataset folder: resize pictures to N×N pixels, which is then the network's input"
                    + " size. Default: 32, or that of --from.")
    private Integer imageSize;

    @Option(
            names = "--validation",
            paramLabel = "N",
            defaultValue = "0",
            description = "Hold N training images out and evaluate on them too. Default: ${DEFAULT-VALUE}.")
    private int validation;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Random seed (initialisation, shuffling, augmentation). Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "The run directory. Default: runs/ARCHITECTURE-DATASET-RECIPE, with a number appended if that"
                    + " exists.")
    private Path output;

    @Mixin
    private ThreadsOption threads = new ThreadsOption();

    @Mixin
    private ComputeOptions compute = new ComputeOptions();

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            defaultValue = "500",
            description = "Iterations from one checkpoint to the next. Default: ${DEFAULT-VALUE}.")
    private long checkpointEvery;

    @Option(
            names = "--keep",
            paramLabel = "WHAT",
            defaultValue = "last",
            description = "last: model.safetensors, of the last iteration; best: also model-best.safetensors, of"
                    + " the epoch with the best validation accuracy (needs --validation). Default:"
                    + " ${DEFAULT-VALUE}.")
    private Kept kept;

    @Option(names = "--log-steps", description = "Write the loss of every minibatch to steps.csv.")
    private boolean logSteps;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Read options from a file; those on the command line override it. The file is a run's"
                    + " config.json, or a JSON object of options such as {\"architecture\": \"resnet20\", \"lr\":"
                    + " 0.05}.")
    private Path configFile; // read before the others are, by ConfigFile

    @Option(names = "--dry-run", description = "Print what would be done, and do nothing.")
    private boolean dryRun;

    @ArgGroup(validate = false, heading = "%nSeveral processes (docs/distributed.md):%n")
    private ProcessOptions processes = new ProcessOptions();

    @Option(
            names = "--sync-batch-norm",
            description = "Compute BN statistics over the whole minibatch, as with one process. Default: over each"
                    + " process's part.")
    private boolean syncBatchNorm;

    @ArgGroup(validate = false, heading = "%nRecipe (training hyper-parameters):%n")
    private RecipeOptions recipeOptions = new RecipeOptions();

    @ArgGroup(validate = false, heading = "%nArchitecture:%n")
    private ArchitectureOptions architectureOptions = new ArchitectureOptions();

    @Spec
    private CommandSpec spec;

    /** Which networks stay. */
    enum Kept {
        LAST,
        BEST;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What the options say, before any data are loaded. */
    private record Asked(Architecture architecture, int imageSize, Recipe recipe, RunConfig.Keep keep) {
        /** Says what is changed: {@code runs/resnet20-cifar10-paper-adam-no-augmentation}. */
        Path defaultOutput(String dataset) {
            String title = RecipeChanges.title(recipe, architecture).replaceAll("[^\\w.]+", "-");
            return Path.of("runs", architecture.name() + "-" + dataset + "-" + title);
        }
    }

    private int describe(Asked asked, Optional<Model> start, Console console) {
        String dataset = data.name();
        boolean there = Datasets.isThere(dataset, data.path());
        ResidualException.require(
                there || !dataset.equals(Datasets.FOLDER),
                data.path() + " is not a folder: expected a folder of pictures");
        int images = there
                ? data.load(asked.imageSize, threads.count(), console).train().size() - validation
                : CIFAR_IMAGES - validation;
        ResidualException.require(
                images > 0, "--validation " + validation + ": expected fewer than the training images");
        Recipe recipe = recipe(asked.architecture, images, start);
        AskedRecipe.cutShort(recipe, images).ifPresent(console::warn);
        String place = (output == null ? RunDirectory.next(asked.defaultOutput(dataset)) : output)
                + (there ? "" : "; " + dataset + " would be downloaded to " + data.path());
        new DryRun(asked.architecture, dataset, recipe, images).print(console, seed, place);
        return Main.OK;
    }

    @Override
    public Integer call() {
        Console console = new Console();
        Optional<Model> start = Optional.ofNullable(from)
                .map(m -> FoundModel.find(m, console::warn).model());
        Asked asked = UsageErrors.of(spec, () -> asked(start));
        World world = UsageErrors.of(spec, processes::world);
        boolean again = isStartedAgain(world);
        if (output != null && world.place().rank() == 0 && !again) {
            RunDirectory.requireFree(output); // before time is spent on the data
        }
        if (dryRun) {
            return describe(asked, start, console);
        }
        int count = threads.count(world.place().localSize());
        return ProcessOptions.run(world, count, spec, console, group -> {
            Dataset dataset = data.load(asked.imageSize, count, console);
            if (world.place().rank() == 0) {
                start.filter(model -> !model.card().classes().equals(dataset.classes()))
                        .ifPresent(model -> console.note(
                                "The classes are not those of " + from + ", so the last layer is initialised anew."));
                int images = dataset.train().size() - validation;
                AskedRecipe.cutShort(recipe(asked.architecture, images, start), images)
                        .ifPresent(console::warn);
            }
            try (Launch launch = again
                    ? Launch.resume(
                            group.get(), output, (config, done, images) -> config, config -> dataset, console::warn)
                    : training(asked, start, dataset, count)
                            .processes(group.get())
                            .syncBatchNorm(syncBatchNorm)
                            .launch()) {
                return ProcessOptions.train(console, launch);
            }
        });
    }

    /** torchrun starts all processes again when one was lost: the same command then goes on with the run. */
    private boolean isStartedAgain(World world) {
        return output != null
                && world.place().rank() == 0
                && world.master().attempt() > 0
                && Files.exists(new RunDirectory(output).config());
    }

    private Training training(Asked asked, Optional<Model> start, Dataset dataset, int count) {
        Training training = Training.of(asked.architecture, dataset)
                .recipe(recipe(asked.architecture, dataset.train().size() - validation, start))
                .seed(seed)
                .validation(validation)
                .freeze(freeze)
                .threads(count)
                .precision(compute.precision)
                .device(compute.device)
                .backend(compute.backend.name())
                .keep(asked.keep)
                .dataDirectory(data.path().toAbsolutePath().normalize().toString());
        start.ifPresent(model -> training.startFrom(from.toString(), model));
        if (output == null) {
            training.outputOrNext(asked.defaultOutput(dataset.name()));
        } else {
            training.output(output);
        }
        return training;
    }

    DataOptions data() {
        return data;
    }

    /**
     * What decides the results, for those who plan runs.
     *
     * @param sha256 of a folder's pictures
     */
    Wanted wanted(Function<Folder, Map<String, String>> sha256) {
        Asked asked = asked(Optional.empty());
        Optional<Precision> chosen = compute.precision.equals("auto")
                ? Optional.empty()
                : Optional.of(Precision.valueOf(compute.precision.toUpperCase(Locale.ROOT)));
        Shape image = asked.architecture.image();
        return new Wanted(
                asked.architecture.withImage(new Shape(image.channels(), asked.imageSize, asked.imageSize)),
                asked.recipe,
                data.name(),
                data.pictures(asked.imageSize, sha256),
                validation,
                new Wanted.Split(processes.world().place().size(), syncBatchNorm),
                chosen);
    }

    private Asked asked(Optional<Model> start) {
        compute.require();
        Datasets.requireName(data.name());
        ResidualException.require(validation >= 0, "validation " + validation + ": expected 0 or more images");
        ResidualException.require(validation > 0 || kept == Kept.LAST, "--keep best needs --validation N");
        threads.require();
        Architecture named = start.map(this::architecture)
                .orElseGet(() -> architectureOptions.architecture(architecture == null ? "resnet20" : architecture));
        Recipe recipe = recipe(named, expectedImages(), start);
        ResidualException.require(
                validation > 0 || recipe.length().patience() == 0,
                "--patience " + recipe.length().patience() + " needs --validation N");
        ResidualException.require(freeze == 0 || from != null, "--freeze needs --from MODEL");
        Freezing.of(named.graph(), freeze);
        int size = named.image().height();
        if (imageSize != null) {
            ResidualException.require(
                    data.name().equals(Datasets.FOLDER), "--image-size is for --dataset folder, not " + data.name());
            size = imageSize;
        }
        return new Asked(named, size, recipe, new RunConfig.Keep(checkpointEvery, logSteps, kept == Kept.BEST));
    }

    /** What an epoch is taken to be until the data set is loaded. */
    private int expectedImages() {
        return switch (data.name()) {
            case Datasets.SHAPES -> Shapes.TRAIN;
            case Datasets.FOLDER -> FOLDER_IMAGES;
            default -> CIFAR_IMAGES;
        };
    }

    /** With the normalisation that the weights were trained with. */
    private Recipe recipe(Architecture named, int trainingImages, Optional<Model> start) {
        Recipe recipe = recipeOptions.recipe(named, trainingImages);
        return start.map(m -> m.card().normalization().kind())
                .map(kind -> {
                    requireSameNormalization(kind);
                    return recipe.withImages(recipe.images().withNormalization(kind));
                })
                .orElse(recipe);
    }

    private void requireSameNormalization(Normalization.Kind own) {
        Normalization.Kind asked = recipeOptions.normalization;
        ResidualException.require(
                asked == null || asked == own, "--normalization " + asked + ": " + from + " was trained with " + own);
    }

    /** The model's own, if nothing else was asked for. */
    private Architecture architecture(Model start) {
        Architecture own = start.architecture();
        Architecture asked = architecture == null
                ? architectureOptions.changed(own)
                : architectureOptions.architecture(architecture);
        ResidualException.require(
                asked.withClasses(own.classes()).withImage(own.image()).equals(own),
                "--from " + from + ": its network is " + own.name() + ", asked for is " + asked.name());
        return own;
    }
}
