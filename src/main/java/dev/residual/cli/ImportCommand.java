package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Cifar100;
import dev.residual.data.Datasets;
import dev.residual.data.Normalization;
import dev.residual.formats.importing.Importer;
import dev.residual.formats.importing.Importer.Imported;
import dev.residual.formats.importing.Importer.Match;
import dev.residual.formats.pytorch.InputContract;
import dev.residual.model.Model.Card;
import dev.residual.model.Software;
import dev.residual.nn.Architecture;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Converts another project's weights to a model file.",
        footer = {
            "",
            "Reads state_dicts of PyTorch (.pth, .pt, .th; bare or in a checkpoint) and safetensors. Tensors are"
                    + " matched by name if the naming is known, otherwise by order and shape; a table then shows"
                    + " the matches. The JSON file that 'export' writes beside a .pth supplies what the tensors do"
                    + " not contain."
        })
final class ImportCommand implements Callable<Integer> {
    /** What the article's code feeds its network with: values 0-1 as they are. */
    private static final Normalization ARTICLE =
            new Normalization(Normalization.Kind.NONE, new float[] {0, 0, 0}, new float[] {1, 1, 1});

    /** The channels of CIFAR-10's training set. */
    private static final Normalization CIFAR10 = new Normalization(
            Normalization.Kind.CHANNEL, new float[] {.4914f, .4822f, .4465f}, new float[] {.2470f, .2435f, .2616f});

    /** The same of CIFAR-100's. */
    private static final Normalization CIFAR100 = new Normalization(
            Normalization.Kind.CHANNEL, new float[] {.5071f, .4865f, .4409f}, new float[] {.2673f, .2564f, .2762f});

    @Parameters(paramLabel = "FILE", description = "The weights.")
    private Path file;

    @Option(
            names = {"-a", "--arch", "--architecture"},
            paramLabel = "NAME",
            description = "Such as resnet20, plain56, resnet18. Default: inferred from the tensors. resnetD and plainD"
                    + " have the same tensors (shortcut A has no weights), so resnetD is assumed.")
    private String architecture;

    @Mixin
    private ArchitectureOptions options = new ArchitectureOptions();

    @Option(
            names = "--key",
            paramLabel = "KEY",
            description =
                    "The key of a checkpoint under which the weights are, such as ema_state_dict. Default: the usual"
                            + " one, state_dict or model.")
    private String key;

    @Option(names = "--output", required = true, paramLabel = "FILE", description = "The model file to write.")
    private Path output;

    @Option(
            names = "--mean",
            split = ",",
            paramLabel = "N",
            description = {
                "Mean that was subtracted from red, green and blue, in units of value / 255. Many public CIFAR"
                        + " networks use ImageNet's: --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225.",
                "Default: CIFAR-10's own, .4914,.4822,.4465 and .2470,.2435,.2616, or CIFAR-100's where there are 100"
                        + " classes; for"
                        + " the article's network none, 0 and 1."
            })
    private float[] mean;

    @Option(
            names = "--std",
            split = ",",
            paramLabel = "N",
            description = "Standard deviation that they were divided by, in the same units.")
    private float[] std;

    @ArgGroup
    private Labels labels = new Labels();

    /** The names of the classes: one way or the other. */
    private static final class Labels {
        @Option(
                names = "--classes",
                split = ",",
                paramLabel = "NAME",
                description = "The classes' names in their order. Default: those of --dataset.")
        private List<String> names;

        @Option(
                names = "--dataset",
                paramLabel = "NAME",
                description = "Name the classes as this data set does: cifar10, cifar100, cifar100-coarse or shapes."
                        + " Default: cifar10 or cifar100 where there are ten or a hundred classes, otherwise"
                        + " their numbers.")
        private String dataset;
    }

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Console console = new Console();
        Optional<Architecture> asked = UsageErrors.of(spec, this::asked);
        Optional<Normalization> said = UsageErrors.of(spec, this::normalization);
        UsageErrors.of(spec, this::checkedDataset);
        Optional<InputContract> described = InputContract.of(file, console::warn);
        Imported imported = imported(asked, described);
        if (key == null && imported.candidates().size() > 1) {
            console.warn(file + " has weights under " + String.join(", ", imported.candidates())
                    + ": using those under " + imported.key() + " (--key selects others)");
        }
        described.ifPresent(d -> say(d, imported, console));
        Normalization normalization = said.or(() -> imported.card().map(Card::normalization))
                .or(() -> described.map(InputContract::normalized))
                .orElseGet(() -> assumedNormalization(imported, console));
        List<String> classes = classes(imported, described, console);
        imported.model(classes, normalization, Software.now("none")).save(output);
        if (imported.match() == Match.ORDER || main.verbose()) {
            console.line(table(imported));
        }
        if (imported.match() == Match.ORDER) {
            console.warn(
                    "the tensors' names are unknown, so layers were matched by order and shape, and BN and ReLU are"
                            + " taken to be where the original block has them: check the table, and the accuracy with"
                            + " 'evaluate'");
        }
        console.line(output + ": " + imported.architecture().name() + " with "
                + imported.architecture().classes() + " classes, from " + file + " (" + imported.layout()
                + (imported.key().isEmpty() ? "" : ", " + imported.key()) + ", by " + imported.match() + ")");
        return Main.OK;
    }

    /** The network that is asked for, else the one that is described, if the tensors are those of it, else the inferred one. */
    private Imported imported(Optional<Architecture> asked, Optional<InputContract> described) {
        Optional<String> under = Optional.ofNullable(key);
        if (described.isEmpty()) {
            return Importer.read(file, asked, under);
        }
        if (asked.isPresent()) {
            return Importer.read(file, asked.map(described.get()::fitted), under);
        }
        try {
            Architecture named = Architecture.of(described.get().architecture());
            return Importer.read(file, Optional.of(described.get().fitted(named)), under);
        } catch (ResidualException e) { // it has a name that says more than a family and a depth
            Architecture inferred = Importer.read(file, asked, under).architecture();
            return Importer.read(file, Optional.of(described.get().fitted(inferred)), under);
        }
    }

    private void say(InputContract described, Imported imported, Console console) {
        Path beside = InputContract.beside(file);
        console.note("Unless an option overrides them, normalisation and classes are those of " + beside);
        if (!described.architecture().equals(imported.architecture().name())) {
            console.warn(
                    beside + " says that the network is " + described.architecture() + ", but what its tensors tell is "
                            + imported.architecture().name() + ": --architecture and its options override this");
        }
    }

    private Optional<Architecture> asked() {
        if (architecture == null && options.isGiven()) {
            throw new ResidualException(
                    "options such as --shortcut and --block change a named architecture: add --architecture, or leave"
                            + " them out to infer it from the tensors");
        }
        return Optional.ofNullable(architecture).map(options::architecture);
    }

    private Optional<Normalization> normalization() {
        if (mean == null && std == null) {
            return Optional.empty();
        }
        if (mean == null || std == null || mean.length != 3 || std.length != 3) {
            throw new ResidualException("--mean and --std must be given together, three numbers each, such as"
                    + " --mean .4914,.4822,.4465 --std .2470,.2435,.2616");
        }
        for (int c = 0; c < 3; c++) {
            if (!(mean[c] >= 0 && mean[c] <= 1 && std[c] > 0 && std[c] <= 1)) {
                throw new ResidualException("--mean " + mean[c] + " and --std " + std[c]
                        + ": expected 0 to 1 (std above 0), in units of value / 255");
            }
        }
        boolean none = Arrays.equals(mean, ARTICLE.mean()) && Arrays.equals(std, ARTICLE.std());
        return Optional.of(none ? ARTICLE : new Normalization(Normalization.Kind.CHANNEL, mean, std));
    }

    private static Normalization assumedNormalization(Imported imported, Console console) {
        boolean hundred = imported.architecture().classes() == Cifar100.CLASSES.size();
        Normalization assumed = imported.match() == Match.ARTICLE ? ARTICLE : hundred ? CIFAR100 : CIFAR10;
        console.warn("no normalisation of the inputs given; assumed: --mean " + list(assumed.mean()) + " --std "
                + list(assumed.std()) + " (a wrong one costs accuracy)");
        return assumed;
    }

    private static String list(float[] numbers) {
        return numbers[0] + "," + numbers[1] + "," + numbers[2];
    }

    private String checkedDataset() {
        if (labels.dataset != null) {
            Datasets.classes(labels.dataset);
        }
        return labels.dataset;
    }

    private List<String> classes(Imported imported, Optional<InputContract> described, Console console) {
        int n = imported.architecture().classes();
        if (labels.names != null || labels.dataset != null) {
            List<String> names = labels.names != null ? labels.names : Datasets.classes(labels.dataset);
            if (names.size() != n) {
                throw new ResidualException(names.size() + " class names, but the network has " + n + " classes");
            }
            return names;
        }
        if (imported.card().isPresent()) {
            return imported.card().get().classes();
        }
        if (described.isPresent() && described.get().classes().size() == n) {
            return described.get().classes();
        }
        for (String dataset : List.of(Datasets.CIFAR10, Datasets.CIFAR100)) {
            if (n == Datasets.classes(dataset).size()) {
                console.warn("the classes were not named; assumed: --dataset " + dataset);
                return Datasets.classes(dataset);
            }
        }
        console.warn("the classes were not named: they are numbered (--classes names them)");
        return IntStream.range(0, n).mapToObj(Integer::toString).toList();
    }

    private static String table(Imported imported) {
        StringBuilder table =
                new StringBuilder(String.format(Locale.ROOT, "%-36s %-16s %s%n", "parameter", "shape", "from"));
        imported.places()
                .forEach((ours, name) ->
                        table.append(String.format(Locale.ROOT, "%-36s %-16s %s%n", ours, imported.shape(ours), name)));
        return table.toString();
    }
}
