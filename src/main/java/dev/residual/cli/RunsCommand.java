package dev.residual.cli;

import dev.residual.run.Metrics;
import dev.residual.study.FoundRun;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "runs",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Lists the runs below a directory: state, network, recipe, test accuracy, and how long ago they began.")
final class RunsCommand implements Callable<Integer> {
    private static final String ROW = "%-24s %-20s %-14s %-8s %5s %4s";

    @Parameters(paramLabel = "DIR", arity = "0..1", defaultValue = "runs", description = "Default: ${DEFAULT-VALUE}.")
    private Path directory;

    @Override
    public Integer call() {
        Console console = new Console();
        List<FoundRun> runs = FoundRun.below(directory, console::warn);
        console.line(
                runs.isEmpty()
                        ? "No runs below " + directory
                        : ROW.formatted("run", "state", "network", "recipe", "test", "age"));
        runs.forEach(run -> console.line(line(run)));
        return Main.OK;
    }

    private String line(FoundRun run) {
        String path = directory.relativize(run.directory().path()).toString();
        String state = run.isFinished() ? "finished" : run.state() + " at " + run.iteration();
        return ROW.formatted(
                fit(Console.harmless(path.isEmpty() ? "." : path), 24),
                fit(state, 20),
                fit(run.config().architecture().name(), 14),
                fit(Console.harmless(run.config().recipe().name()), 8),
                run.last().map(RunsCommand::accuracy).orElse("–"),
                age(run.config().made().started()));
    }

    /** The end of a path says more than its beginning. */
    private static String fit(String text, int columns) {
        return text.length() <= columns ? text : "…" + text.substring(text.length() - columns + 1);
    }

    private static String accuracy(Metrics m) {
        return String.format(Locale.ROOT, "%.2f", m.test().accuracy());
    }

    private static String age(String started) {
        try {
            Duration age = Duration.between(OffsetDateTime.parse(started), OffsetDateTime.now());
            return age.toDays() > 0
                    ? age.toDays() + " d"
                    : age.toHours() > 0 ? age.toHours() + " h" : Math.max(0, age.toMinutes()) + " m";
        } catch (DateTimeParseException e) {
            return "–";
        }
    }
}
