package dev.residual.cli;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.bench.BatchesSpeed;
import dev.residual.bench.TrainingOverhead;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.model.Architecture;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.train.Progress;
import dev.residual.train.Recipe;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures on this machine what training costs beyond its arithmetic: training as it is (batches,"
                + " metrics, progress) against a bare loop of the same operations on one batch, in turns; and how fast"
                + " the one thread is that makes the batches.")
final class BenchCommand implements Callable<Integer> {
    /** Taken in one turn when their making is timed: a few tenths of a second. */
    private static final int BATCHES = 200;

    @Option(
            names = "--architecture",
            paramLabel = "NAME",
            defaultValue = "resnet20",
            description = "Default: ${DEFAULT-VALUE}.")
    private String architecture;

    @Option(names = "--batch-size", paramLabel = "N", defaultValue = "128", description = "Default: ${DEFAULT-VALUE}.")
    private int batchSize;

    @Mixin
    private ThreadsOption threads = new ThreadsOption();

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "auto, fp32 or bf16. Default: ${DEFAULT-VALUE}.")
    private String precision;

    @Option(names = "--turns", paramLabel = "N", defaultValue = "7", description = "Default: ${DEFAULT-VALUE}.")
    private int turns;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "20",
            description = "Steps of a turn. Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Override
    public Integer call() {
        if (turns < 1 || steps < 1) {
            throw new ResidualException("turns " + turns + ", steps " + steps + ": expected 1 or more");
        }
        Console console = new Console();
        Architecture a = Architecture.of(architecture);
        Dataset dataset = Datasets.load(Datasets.SHAPES, Path.of("data"), (done, total) -> {});
        Engine.start(threads.count());
        Precision p = Precision.of(precision, Device.CPU).precision();
        Recipe recipe = Json.with(Recipe.paper(a), Map.of("batchSize", batchSize));
        long last = (long) (turns + 1) * steps;
        try (TrainingView view = new TrainingView(console, recipe, Progress.start(recipe), last, (int) last)) {
            TrainingOverhead o = TrainingOverhead.measure(a, recipe, p, dataset, turns, steps, view);
            console.line(String.format(
                    Locale.ROOT,
                    "%s, batch %d, %s, %d threads, %d turns of %d steps each, in turns (ms a step)",
                    a.name(),
                    batchSize,
                    p,
                    Engine.threads(),
                    turns,
                    steps));
            console.line(row("training as it is", o.training(), "ms"));
            console.line(row("bare loop", o.bare(), "ms"));
            console.line(row("ratio, turn by turn", o.ratios(), ""));
            double[] speeds = BatchesSpeed.measure(dataset, recipe, p, turns, BATCHES);
            console.line(row(
                    "batches, in thousands",
                    Arrays.stream(speeds).map(s -> s / 1000).toArray(),
                    "/s"));
        }
        return Main.OK;
    }

    private static String row(String name, double[] values, String unit) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return String.format(
                Locale.ROOT,
                "  %-21s  minimum %8.3f %2s   median %8.3f %2s   maximum %8.3f %2s",
                name,
                sorted[0],
                unit,
                sorted[sorted.length / 2],
                unit,
                sorted[sorted.length - 1],
                unit);
    }
}
