package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.distributed.World;
import dev.residual.launch.FoundModel;
import dev.residual.launch.Launch;
import dev.residual.model.Model;
import dev.residual.recipe.Recipe;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
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
    @Option(
            names = {"-a", "--arch", "--architecture", "--model"},
            paramLabel = "NAME",
            description = "Network, such as resnet20, plain56, resnet18 or wrn-16-4. Default: resnet20, or that of"
                    + " --from.")
    String architecture;

    @Option(
            names = "--from",
            paramLabel = "MODEL",
            description =
                    "Start from the weights of MODEL instead of random ones, with the normalisation it was trained"
                            + " with; if the classes differ, the last layer is initialised anew. "
                            + Main.MODEL)
    Path from;

    @Option(
            names = "--freeze",
            paramLabel = "STAGES",
            defaultValue = "0",
            description = "With --from: freeze the first STAGES stages, including their BN statistics. Default:"
                    + " ${DEFAULT-VALUE}.")
    int freeze;

    @Mixin
    DataOptions data = new DataOptions();

    @Option(
            names = "--image-size",
            paramLabel = "N",
            description = "For --dataset folder: resize pictures to N×N pixels, which is then the network's input"
                    + " size. Default: 32, or that of --from.")
    Integer imageSize;

    @Option(
            names = "--validation",
            paramLabel = "N",
            defaultValue = "0",
            description = "Hold N training images out and evaluate on them too. Default: ${DEFAULT-VALUE}.")
    int validation;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Random seed (initialisation, shuffling, augmentation). Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "The run directory. Default: runs/ARCHITECTURE-DATASET-RECIPE, with a number appended if that"
                    + " exists.")
    Path output;

    @Mixin
    ThreadsOption threads = new ThreadsOption();

    @Mixin
    ComputeOptions compute = new ComputeOptions();

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            defaultValue = "" + RunConfig.Keep.DEFAULT_EVERY,
            description = "Iterations from one checkpoint to the next. Default: ${DEFAULT-VALUE}.")
    long checkpointEvery;

    @Option(
            names = "--keep",
            paramLabel = "WHAT",
            defaultValue = "last",
            description = "last: model.safetensors, of the last iteration; best: also model-best.safetensors, of"
                    + " the epoch with the best validation accuracy (needs --validation). Default:"
                    + " ${DEFAULT-VALUE}.")
    Kept kept;

    @Option(names = "--log-steps", description = "Write the loss of every minibatch to steps.csv.")
    boolean logSteps;

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
    ProcessOptions processes = new ProcessOptions();

    @Option(
            names = "--sync-batch-norm",
            description = "Compute BN statistics over the whole minibatch, as with one process. Default: over each"
                    + " process's part.")
    boolean syncBatchNorm;

    @ArgGroup(validate = false, heading = "%nRecipe (training hyper-parameters):%n")
    RecipeOptions recipeOptions = new RecipeOptions();

    @ArgGroup(validate = false, heading = "%nArchitecture:%n")
    ArchitectureOptions architectureOptions = new ArchitectureOptions();

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

    private int describe(AskedTraining asked, Console console) {
        String dataset = data.name();
        boolean there = Datasets.isThere(dataset, data.path());
        ResidualException.require(
                there || !dataset.equals(Datasets.FOLDER),
                data.path() + " is not a folder: expected a folder of pictures");
        int images = there
                ? data.load(asked.imageSize(), threads.count(), console).train().size() - validation
                : AskedTraining.CIFAR_IMAGES - validation;
        ResidualException.require(
                images > 0, "--validation " + validation + ": expected fewer than the training images");
        Recipe recipe = asked.recipe(images);
        AskedRecipe.cutShort(recipe, images).ifPresent(console::warn);
        String place = (output == null ? RunDirectory.next(asked.defaultOutput(dataset)) : output)
                + (there ? "" : "; " + dataset + " would be downloaded to " + data.path());
        new DryRun(asked.architecture(), dataset, recipe, images).print(console, seed, place);
        return Main.OK;
    }

    @Override
    public Integer call() {
        Console console = new Console();
        Optional<Model> start = Optional.ofNullable(from)
                .map(m -> FoundModel.find(m, console::warn).model());
        AskedTraining asked = UsageErrors.of(spec, () -> new AskedTraining(this, start));
        World world = UsageErrors.of(spec, processes::world);
        boolean again = isStartedAgain(world);
        if (output != null && world.place().rank() == 0 && !again) {
            RunDirectory.requireFree(output); // before time is spent on the data
        }
        if (dryRun) {
            return describe(asked, console);
        }
        int count = threads.count(world.place().localSize());
        return ProcessOptions.run(world, count, spec, console, group -> {
            Dataset dataset = data.load(asked.imageSize(), count, console);
            if (world.place().rank() == 0) {
                start.filter(model -> !model.card().classes().equals(dataset.classes()))
                        .ifPresent(model -> console.note(
                                "The classes are not those of " + from + ", so the last layer is initialised anew."));
                int images = dataset.train().size() - validation;
                AskedRecipe.cutShort(asked.recipe(images), images).ifPresent(console::warn);
            }
            try (Launch launch = again
                    ? Launch.resume(
                            group.get(), output, (config, done, images) -> config, config -> dataset, console::warn)
                    : asked.training(dataset, count)
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
}
