package dev.residual.cli;

import dev.residual.Directories;
import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.launch.FoundModel;
import dev.residual.model.Model;
import dev.residual.nn.Architecture;
import dev.residual.report.ModelReport;
import dev.residual.report.RunReports;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.study.Comparison;
import dev.residual.study.ComparisonReport;
import dev.residual.study.FoundRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Draws a run's curves (PNG and SVG) and writes its report, one HTML file, into the run directory."
                    + " Without the data set, the parts that need it are left out.",
            "For several runs, writes a comparison: a table, a chart, a page.",
            "For a model file or a pretrained model, writes a page about it, NAME.html; for a run's model file,"
                    + " RUN-model.html."
        })
final class ReportCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "RUN",
            arity = "1..*",
            description = "A run directory, several to compare them, a model file or the name of a pretrained model.")
    private List<Path> runs;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "Where the comparison of several runs, or a model's page, is written. Default:"
                    + " comparison, or the current directory for a model.")
    private Path output;

    @Mixin
    private DataOptions data = new DataOptions();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Console console = new Console();
        boolean isRun = runs.size() == 1 && Files.isDirectory(runs.get(0));
        UsageErrors.of(spec, () -> {
            data.require();
            ResidualException.require(
                    runs.size() == 1 || !data.given(),
                    "the data set's options are for the report of one run or model, not for a comparison");
            ResidualException.require(
                    output == null || !isRun,
                    "--output is for several runs, or a model: a run's report lies in its directory");
            return runs;
        });
        if (runs.size() > 1) {
            List<FoundRun> found = runs.stream().map(FoundRun::read).toList();
            Comparison comparison = Comparison.of(found);
            found.stream()
                    .filter(run -> comparison.rows().stream()
                            .noneMatch(row -> row.runs().contains(run)))
                    .forEach(run -> console.warn(run.directory().path()
                            + " is left out: it has the configuration and the seed of another of these runs (threads do"
                            + " not count)"));
            Path directory = output == null ? Path.of("comparison") : output;
            ComparisonReport report = new ComparisonReport(comparison, Map.of());
            report.write(directory);
            ComparisonView.print(console, report, directory);
            comparison
                    .rows()
                    .forEach(row ->
                            console.line(row.name() + ": " + row.variation().answers()));
            return Main.OK;
        }
        Path path = runs.get(0);
        if (!isRun) {
            return model(path, console);
        }
        RunDirectory directory = RunDirectory.open(path);
        RunConfig config = RunConfig.read(directory);
        int threads = config.compute().threads();
        RunReports.write(
                directory, config, dataset(config.data(), config.architecture(), threads, console), console::warn);
        console.line("  curves   " + directory.curves() + ", .svg");
        console.line("  report   " + directory.report());
        return Main.OK;
    }

    private int model(Path path, Console console) {
        FoundModel found = FoundModel.find(path, console::warn);
        Model model = found.model();
        String file = path.getFileName().toString().replaceFirst("\\.safetensors$", "");
        Path run = path.toAbsolutePath().normalize().getParent().getFileName();
        boolean ofRun = file.matches("model(-best)?") && run != null; // all runs' are called so
        String name = ofRun ? run + "-" + file : file;
        int threads = Runtime.getRuntime().availableProcessors();
        Optional<Dataset> dataset = RunReports.ofItsClasses(
                dataset(found.data(), model.architecture(), threads, console), model, console::warn);
        Path page = (output == null ? Path.of("") : Directories.create(output)).resolve(name + ".html");
        ModelReport.write(name, model, dataset, threads, page);
        console.line("  report   " + page);
        return Main.OK;
    }

    private Optional<Dataset> dataset(RunConfig.Data trainedOn, Architecture network, int threads, Console console) {
        try {
            if (data.isThere(trainedOn)) {
                Dataset dataset = data.loadTest(trainedOn, network.image().height(), threads, console);
                FoundModel.checkTestImages(trainedOn, dataset, console::warn);
                return Optional.of(dataset);
            }
            console.warn("the report leaves out the test images: the data set was not found (give its location with"
                    + " --data DIR)");
        } catch (ResidualException e) {
            console.warn("the report leaves out the test images: " + e.getMessage());
        }
        return Optional.empty();
    }
}
