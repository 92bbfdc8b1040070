package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.launch.FoundModel;
import dev.residual.model.Model;
import dev.residual.nn.Architecture;
import dev.residual.nn.LayerResponses.Response;
import dev.residual.study.Comparison;
import dev.residual.study.ComparisonReport;
import dev.residual.study.FoundRun;
import dev.residual.study.Options;
import dev.residual.study.Plan;
import dev.residual.study.PlannedRun;
import dev.residual.study.Processes;
import dev.residual.study.Responses;
import dev.residual.study.Row;
import dev.residual.study.Study;
import dev.residual.tensor.Engine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "study",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Trains the missing runs of a study and compares all of them: a table, a chart, a page.",
            "Run again, it continues where it was interrupted. Without a name, it lists the built-in studies."
        },
        footer = {
            "",
            "The paper's table 6, an eighth as long:",
            "  ./residual study table6 --iterations 7820 --seeds 1 --data DIR",
            "A first look, without any data:",
            "  ./residual study shortcuts --dataset shapes --iterations 400"
        })
final class StudyCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "STUDY",
            arity = "0..1",
            description =
                    "table6, depth, shortcuts, responses, article, differences, variants, or a file (docs/studies.md"
                            + " describes it).")
    private String name;

    @Option(
            names = "--seeds",
            paramLabel = "K",
            description = "Train each variation with K seeds. Default: as the study says.")
    private Integer seeds;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            description = "Shorten or lengthen each run; its schedule is scaled. Default: as the study says.")
    private Long iterations;

    @Option(
            names = "--parallel",
            paramLabel = "P",
            defaultValue = "1",
            description =
                    "Runs that are trained at once, each with its share of the threads. Default: ${DEFAULT-VALUE}.")
    private int parallel;

    @Mixin
    private ThreadsOption threads = new ThreadsOption();

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "Where the runs and their comparison are. Default: studies/STUDY.")
    private Path output;

    @Option(
            names = "--adopt",
            paramLabel = "RUN",
            arity = "1..*",
            description = "Use finished runs that were trained elsewhere, if they match runs of the study.")
    private List<Path> adopted = List.of();

    @Option(
            names = "--from",
            paramLabel = "DIR",
            description =
                    "Train nothing: compare the finished runs below DIR: of each variation the longest, or those of"
                            + " --iterations.")
    private Path from;

    @Mixin
    private DataOptions data = new DataOptions();

    @Mixin
    private ComputeOptions compute = new ComputeOptions();

    @Spec
    private CommandSpec spec;

    private final Console console = new Console();
    private final Map<DataOptions.Images, Dataset> datasets = new HashMap<>();
    private boolean lacksResponses;

    @Override
    public Integer call() {
        if (name == null) {
            requireNoOptions();
            Study.SHIPPED.forEach(
                    s -> console.line("%-11s  %s".formatted(s, Study.of(s).title())));
            return Main.OK;
        }
        Plan plan = UsageErrors.of(spec, this::plan);
        Path directory = output == null ? Path.of("studies", fileName()) : output;
        boolean complete = true;
        if (from == null) {
            adopted.forEach(run -> adopt(run, plan, directory));
            List<PlannedRun> runs = plan.runs(directory);
            prepareData(runs);
            StudyScreen screen = new StudyScreen(console, plan.study(), runs, directory);
            complete = screen.train(new Processes(Main.program(), parallel, Math.max(1, threads.count() / parallel)));
            if (screen.interrupted()) {
                return Main.INTERRUPTED;
            }
        }
        Comparison comparison = from == null ? plan.comparison(directory) : plan.comparison(found(), seeds());
        ComparisonReport report =
                new ComparisonReport(comparison, plan.study().responses() ? responses(comparison) : Map.of());
        report.write(directory);
        ComparisonView.print(console, report, directory);
        return complete && !lacksResponses ? Main.OK : Main.FAILED;
    }

    /** They would have no effect. */
    private void requireNoOptions() {
        if (spec.commandLine().getParseResult().matchedOptions().stream()
                .anyMatch(option -> !option.longestName().equals("--verbose"))) {
            throw new ParameterException(
                    spec.commandLine(),
                    "which study? Give its name" + (adopted.isEmpty() ? "" : " before --adopt RUN…"));
        }
    }

    private void adopt(Path run, Plan plan, Path directory) {
        Plan.Adopted to = plan.adopt(run, directory);
        console.line(
                to.copied()
                        ? "Adopted " + run + " as " + to.run().directory()
                        : to.run().directory() + " is there already: " + run + " is not copied");
    }

    private Plan plan() {
        threads.require();
        ResidualException.require(parallel >= 1, "parallel " + parallel + ": expected 1 or more");
        Study study = Study.of(name);
        if (from != null) {
            Stream.of("--adopt", "--parallel", "--threads", "--device", "--backend")
                    .filter(spec.commandLine().getParseResult()::hasMatchedOption)
                    .filter(option -> !(option.equals("--threads") && study.responses())) // they are measured
                    .findFirst()
                    .ifPresent(option -> {
                        throw new ResidualException(
                                option + " is for a study that trains, --from for one that does not");
                    });
        }
        return StudyPlan.of(seeds == null ? study : study.withSeeds(seeds), passedOn());
    }

    private List<FoundRun> found() {
        return FoundRun.below(from, console::warn).stream()
                .filter(run -> iterations == null || run.length() == iterations)
                .toList();
    }

    private int seeds() {
        return seeds == null ? Integer.MAX_VALUE : seeds;
    }

    /** The options that {@code train} has too and that were given here. */
    private Options passedOn() {
        List<String> tokens = new ArrayList<>();
        spec.commandLine().getParseResult().matchedOptions().stream()
                .filter(option -> StudyPlan.isOfEachRun(option.longestName()))
                .forEach(option -> {
                    tokens.add(option.longestName());
                    if (option.arity().max() > 0) {
                        tokens.addAll(option.originalStringValues());
                    }
                });
        return Options.of(tokens);
    }

    private String fileName() {
        return Path.of(name).getFileName().toString().replaceFirst("\\.json$", "");
    }

    /** So that a data set is downloaded once, and not by several runs at the same time. */
    private void prepareData(List<PlannedRun> runs) {
        runs.stream()
                .filter(run -> !run.found().map(FoundRun::isOver).orElse(false))
                .map(run -> StudyPlan.data(run.part().options()))
                .filter(own -> !own.isThere())
                .forEach(own -> own.load(
                        Architecture.CIFAR.height(), threads.count(), console)); // a folder of pictures is refused
    }

    /** Of the first network of each variation that has any. */
    private Map<Row, List<Response>> responses(Comparison comparison) {
        Map<Row, List<Response>> responses = new LinkedHashMap<>();
        for (Row row : comparison.rows()) {
            row.finished().stream()
                    .flatMap(run -> responsesOrWarning(run).stream())
                    .findFirst()
                    .ifPresent(found -> responses.put(row, found));
        }
        return responses;
    }

    /** What is wrong with one run, such as a damaged file, must not cost the comparison of all. */
    private Optional<List<Response>> responsesOrWarning(FoundRun run) {
        try {
            return responses(run);
        } catch (ResidualException e) {
            console.warn("there are no responses of " + run.name() + ": " + e.getMessage());
            lacksResponses = true;
            return Optional.empty();
        }
    }

    /** Those that were measured before are not measured again. */
    private Optional<List<Response>> responses(FoundRun run) {
        Optional<List<Response>> known = Responses.read(run.directory());
        if (known.isPresent() || !Files.exists(run.directory().model())) {
            return known;
        }
        if (!data.isThere(run.config().data())) {
            console.warn("the responses of " + run.name()
                    + " are not measured: the data set was not found (give its location with --data DIR)");
            return Optional.empty();
        }
        int size = run.config().architecture().image().height();
        DataOptions.Images images = data.images(run.config().data(), size);
        datasets.keySet().retainAll(Set.of(images)); // there may not be room for two
        Dataset dataset = datasets.computeIfAbsent(
                images, i -> data.loadTest(run.config().data(), size, threads.count(), console));
        FoundModel.checkTestImages(run.config().data(), dataset, console::warn);
        console.note("Measuring the responses of " + run.name() + " …");
        Engine.start(threads.count());
        List<Response> measured = Responses.measure(Model.load(run.directory().model()), dataset.test());
        if (from == null) {
            Responses.write(run.directory(), measured);
        }
        return Optional.of(measured);
    }
}
