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
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "runs",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Lists the runs below a directory: state, network, recipe, test accuracy, and how long ago they began.")
final class RunsCommand implements Callable<Integer> {
    private static final int COLUMNS = 80;
    private static final int PATH = 24; // at least
    private static final int RECIPE = 8;
    private static final int REST = 12; // accuracy and age

    @Parameters(paramLabel = "DIR", arity = "0..1", defaultValue = "runs", description = "Default: ${DEFAULT-VALUE}.")
    private Path directory;

    @Override
    public Integer call() {
        Console console = new Console();
        List<FoundRun> runs = FoundRun.below(directory, console::warn);
        int states = longest(runs, RunsCommand::state);
        int room = COLUMNS - states - RECIPE - REST - 4;
        int network = Math.min(room - PATH, Math.max("network".length(), longest(runs, RunsCommand::network)));
        int paths = room - network;
        int[] widths = {paths, states, network, RECIPE};
        console.line(
                runs.isEmpty()
                        ? "No runs below " + directory
                        : row(widths, "run", "state", "network", "recipe", "test", "age"));
        for (FoundRun run : runs) {
            String path = directory.relativize(run.directory().path()).toString();
            console.line(row(
                    widths,
                    Columns.end(Console.harmless(path.isEmpty() ? "." : path), paths),
                    state(run),
                    Columns.start(network(run), network),
                    Columns.start(Console.harmless(run.config().recipe().name()), RECIPE),
                    run.last().map(RunsCommand::accuracy).orElse("–"),
                    age(run.config().made().started())));
        }
        return Main.OK;
    }

    /** Words on the left, by widths, and two figures on the right. */
    private static String row(int[] widths, String... fields) {
        StringBuilder row = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            row.append(Columns.padded(fields[i], widths[i])).append(' ');
        }
        return row.append("%6s %5s".formatted(fields[widths.length], fields[widths.length + 1]))
                .toString();
    }

    private static String state(FoundRun run) {
        return run.isFinished() ? "finished" : run.state() + " at " + run.iteration();
    }

    private static String network(FoundRun run) {
        return run.config().architecture().name();
    }

    private static int longest(List<FoundRun> runs, Function<FoundRun, String> text) {
        return runs.stream().mapToInt(run -> text.apply(run).length()).max().orElse(0);
    }

    private static String accuracy(Metrics m) {
        return String.format(Locale.ROOT, "%.2f", m.test().accuracy());
    }

    private static String age(String started) {
        try {
            Duration age = Duration.between(OffsetDateTime.parse(started), OffsetDateTime.now());
            return age.toDays() > 999
                    ? age.toDays() / 365 + " y"
                    : age.toDays() > 0
                            ? age.toDays() + " d"
                            : age.toHours() > 0 ? age.toHours() + " h" : Math.max(0, age.toMinutes()) + " m";
        } catch (DateTimeParseException e) {
            return "–";
        }
    }
}
