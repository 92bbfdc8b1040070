package dev.residual.cli;

import dev.residual.Json;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.model.Architecture;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.train.Provenance;
import dev.residual.train.RunConfig;
import dev.residual.train.Split;
import java.nio.file.Files;
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
            defaultValue = "resnet20",
            description = "resnetD, plainD or articleD with D = 6n+2. Default: ${DEFAULT-VALUE}.")
    private String architecture;

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
                    + " fp32), or auto: bf16 where a short probe finds it faster. Default: ${DEFAULT-VALUE}.")
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

    @ArgGroup(validate = false, heading = "%nThe recipe, and what to change in it:%n")
    private RecipeOptions recipeOptions = new RecipeOptions();

    @ArgGroup(validate = false, heading = "%nWhat to change in the architecture:%n")
    private ArchitectureOptions architectureOptions = new ArchitectureOptions();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Console console = new Console();
        RunConfig asked = Usage.of(spec, this::config);
        if (output != null) {
            RunDirectory.requireFree(output); // before time is spent on the data
        }
        Dataset dataset = data.load(console);
        Split.of(dataset, validation, seed); // can it be divided so?
        Engine.start(asked.threads());
        Architecture fitted = Json.with(
                asked.architecture(), Map.of("classes", dataset.classes().size()));
        Device where = Device.of(device);
        Precision.Choice choice = Precision.of(precision, where);
        Map<String, String> provenance = new TreeMap<>(Provenance.now());
        provenance.put("precision chosen", choice.reason());
        if (precision.equals("auto")) {
            console.line("Precision " + choice.precision() + ": " + choice.reason() + ".");
        }
        RunConfig config = new RunConfig(
                fitted,
                asked.recipe(),
                new RunConfig.Data(dataset.name(), asked.data().directory(), validation, dataset.sha256()),
                seed,
                asked.threads(),
                choice.precision(),
                where.toString(),
                checkpointEvery,
                provenance);
        Path path = output == null
                ? free(fitted.name() + "-" + dataset.name() + "-"
                        + config.recipe().name())
                : output;
        return new Training(console).start(RunDirectory.create(path), config, dataset, Optional.empty());
    }

    /** What the options say, before anything is loaded. */
    private RunConfig config() {
        Architecture named = architectureOptions.architecture(architecture);
        Device.requireName(device);
        Precision.requireName(precision);
        Datasets.requireName(data.name());
        String directory = data.path().toAbsolutePath().normalize().toString();
        return new RunConfig(
                named,
                recipeOptions.recipe(named),
                new RunConfig.Data(data.name(), directory, validation, Map.of()),
                seed,
                threads.count(),
                Precision.FP32, // decided once libtorch is there
                device,
                checkpointEvery,
                Map.of());
    }

    private static Path free(String name) {
        Path path = Path.of("runs", name);
        for (int i = 2; Files.exists(path); i++) {
            path = Path.of("runs", name + "-" + i);
        }
        return path;
    }
}
