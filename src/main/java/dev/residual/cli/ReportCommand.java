package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.report.RunReports;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.study.Comparison;
import dev.residual.study.ComparisonReport;
import dev.residual.study.FoundRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Draws a run's curves (PNG and SVG) and writes its report, one HTML file, into the run directory."
                    + " Where the data set is not there, the report does without what needs it.",
            "Of several runs, compares them: a table, a chart, a page."
        })
final class ReportCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RUN", arity = "1..*", description = "A run directory; several to compare them.")
    private List<Path> runs;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            defaultValue = "comparison",
            description = "Where the comparison of several runs is written. Default: ${DEFAULT-VALUE}.")
    private Path output;

    @Mixin
    private DataOptions data = new DataOptions();

    @Override
    public Integer call() {
        Console console = new Console();
        if (runs.size() > 1) {
            Comparison comparison =
                    Comparison.of(runs.stream().map(FoundRun::read).toList());
            new ComparisonReport(comparison, Map.of()).write(output);
            ComparisonView.print(console, comparison, output);
            return Main.OK;
        }
        RunDirectory directory = RunDirectory.open(runs.get(0));
        RunConfig config = RunConfig.read(directory);
        RunReports.write(directory, config, dataset(config, console), console::warn);
        console.line("  curves   " + directory.curves() + ", .svg");
        console.line("  report   " + directory.report());
        return Main.OK;
    }

    private Optional<Dataset> dataset(RunConfig config, Console console) {
        try {
            if (data.isThere(config.data())) {
                return Optional.of(data.load(
                        config.data(),
                        config.architecture().image().height(),
                        config.compute().threads(),
                        console));
            }
            console.warn("the report does without the test images: the data set is not there (--data DIR says where)");
        } catch (ResidualException e) {
            console.warn("the report does without the test images: " + e.getMessage());
        }
        return Optional.empty();
    }
}
