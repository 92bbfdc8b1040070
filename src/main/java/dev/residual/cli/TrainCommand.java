package dev.residual.cli;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.data.Normalization;
import dev.residual.model.Architecture;
import dev.residual.run.RunDirectory;
import dev.residual.run.RunDirectory.Claimed;
import dev.residual.tensor.Device;
import dev.residual.tensor.Precision;
import dev.residual.train.Beginning;
import dev.residual.train.Checkpoint;
import dev.residual.train.Checkpoints;
import dev.residual.train.Provenance;
import dev.residual.train.Recipe;
import dev.residual.train.RunConfig;
import dev.residual.train.Split;
import dev.residual.train.TrainingMemory;
import dev.residual.weights.ModelFile;
import dev.residual.weights.ModelFile.Card;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
            "The paper's ResNet-20 on CIFAR-10:   ./residual train --data DIR",
            "What the article's code does:        ./residual train --architecture article44 --recipe article --data DIR",
            "A first look, without any data:      ./residual train --dataset shapes --architecture resnet8 --iterations 800"
        })
final class TrainCommand implements Callable<Integer> {
    @Option(
            names = "--architecture",
            paramLabel = "NAME",
            description = "resnetD, plainD or articleD with D = 6n+2. Default: resnet20, or that of --from.")
    private String architecture;

    @Option(
            names = "--from",
            paramLabel = "MODEL",
            description =
                    "Start from these weights instead of random ones, with the normalisation that they are used to;"
                            + " for another number of classes the last layer begins anew. " + ModelArgument.DESCRIPTION)
    private Path from;

    @Mixin
    private DataOptions data = new DataOptions();

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
            description = "Of initialisation, order and augmentation. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description =
                    "The run directory. Default: runs/ARCHITECTURE-DATASET-RECIPE, with a number where it is taken.")
    private Path output;

    @Mixin
    private ThreadsOption threads = new ThreadsOption();

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "fp32, bf16 (the convolutions in 16 bits; weights, BN's statistics, classifier and loss stay"
                    + " fp32), or auto: bf16 where the processor itself multiplies in it. Default: ${DEFAULT-VALUE}.")
    private String precision;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "auto, cpu or cuda. Default: ${DEFAULT-VALUE}.")
    private String device;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            defaultValue = "500",
            description = "Iterations from one checkpoint to the next. Default: ${DEFAULT-VALUE}.")
    private long checkpointEvery;

    @Option(names = "--log-steps", description = "Write the loss of every minibatch to steps.csv.")
    private boolean logSteps;

    @ArgGroup(validate = false, heading = "%nThe recipe, and what to change in it:%n")
    private RecipeOptions recipeOptions = new RecipeOptions();

    @ArgGroup(validate = false, heading = "%nWhat to change in the architecture:%n")
    private ArchitectureOptions architectureOptions = new ArchitectureOptions();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Console console = new Console();
        Optional<ModelFile> start = Optional.ofNullable(from)
                .map(m -> ModelArgument.find(m, console).model());
        RunConfig asked = Usage.of(spec, () -> config(start.map(ModelFile::card)));
        if (output != null) {
            RunDirectory.requireFree(output); // before time is spent on the data
        }
        Dataset dataset = data.load(asked.threads(), console);
        Split.of(dataset, validation, seed); // can it be divided so?
        Architecture fitted = Json.with(
                asked.architecture(), Map.of("classes", dataset.classes().size()));
        Device where = Device.of(device);
        Map<String, String> provenance = new TreeMap<>(Provenance.now());
        start.ifPresent(m -> provenance.putAll(Beginning.provenance(from.toString(), m)));
        RunConfig config = new RunConfig(
                fitted,
                asked.recipe(),
                new RunConfig.Data(dataset.name(), asked.data().directory(), validation, dataset.sha256()),
                seed,
                asked.threads(),
                Precision.of(precision, where),
                where.toString(),
                checkpointEvery,
                logSteps,
                provenance);
        TrainingMemory.of(config, dataset).requireRoom();
        try (Claimed claimed = claim(
                fitted.name() + "-" + dataset.name() + "-" + config.recipe().name())) {
            RunDirectory directory = claimed.run();
            Optional<Checkpoint> beginning = start.map(m -> Beginning.from(m, config, dataset.classes()));
            // It is there before config.json, which makes a run of the directory, could say that there is nothing yet.
            beginning.ifPresent(c -> new Checkpoints(directory.checkpoints()).write(c));
            return new Training(console).start(directory, config, dataset, beginning);
        }
    }

    private Claimed claim(String name) {
        return output == null ? RunDirectory.createNext(Path.of("runs", name)) : RunDirectory.create(output);
    }

    /**
     * What the options say, before any data are loaded.
     *
     * @param start says what the weights are that training starts from
     */
    private RunConfig config(Optional<Card> start) {
        Architecture named = start.map(this::architecture)
                .orElseGet(() -> architectureOptions.architecture(architecture == null ? "resnet20" : architecture));
        Device.requireName(device);
        Precision.requireName(precision);
        Datasets.requireName(data.name());
        String directory = data.path().toAbsolutePath().normalize().toString();
        return new RunConfig(
                named,
                recipe(named, start),
                new RunConfig.Data(data.name(), directory, validation, Map.of()),
                seed,
                threads.count(),
                Precision.FP32, // decided once libtorch is there
                device,
                checkpointEvery,
                logSteps,
                Map.of());
    }

    /** The model's own, if nothing else was asked for. */
    private Architecture architecture(Card start) {
        Architecture own = start.architecture();
        Architecture asked = architecture == null
                ? architectureOptions.changed(own)
                : architectureOptions.architecture(architecture);
        if (!Json.with(asked, Map.of("classes", own.classes())).equals(own)) {
            throw new ResidualException("--from " + from + ": its network is " + Json.compact(own) + ", asked for is "
                    + Json.compact(asked));
        }
        return own;
    }

    private Recipe recipe(Architecture named, Optional<Card> start) {
        Recipe recipe = recipeOptions.recipe(named);
        if (start.isEmpty()) {
            return recipe;
        }
        Normalization.Kind own = start.get().normalization().kind();
        if (recipeOptions.normalization != null && recipeOptions.normalization != own) {
            throw new ResidualException("--normalization " + recipeOptions.normalization + ": the weights of " + from
                    + " are used to " + own);
        }
        return Json.with(recipe, Map.of("normalization", own));
    }
}
