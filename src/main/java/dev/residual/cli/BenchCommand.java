package dev.residual.cli;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.bench.BareLoop;
import dev.residual.bench.BatchesSpeed;
import dev.residual.bench.Operations;
import dev.residual.bench.Operations.Cost;
import dev.residual.bench.TrainingOverhead;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.model.Architecture;
import dev.residual.model.Summary;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.train.Progress;
import dev.residual.train.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
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
        description = {
            "Measures this machine: each kind of operation of a training step alone, their sum, the whole step (a bare"
                    + " loop on one batch), training as it is (batches, metrics, progress), reading, and the thread that"
                    + " makes the batches.",
            "With --growth instead: how a step grows with threads, batch and depth."
        })
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

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "auto, fp32 or bf16. Default: ${DEFAULT-VALUE}.")
    private String precision;

    @Mixin
    private ThreadsOption threads = new ThreadsOption();

    @Option(names = "--turns", paramLabel = "N", defaultValue = "7", description = "Default: ${DEFAULT-VALUE}.")
    private int turns;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "20",
            description = "Steps of a turn. Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Option(names = "--growth", description = "Measure how a step grows with threads, batch and depth.")
    private boolean growth;

    @Option(names = "--json", description = "Print one JSON document and nothing else.")
    private boolean json;

    private final Map<String, Object> document = new LinkedHashMap<>();
    private final Console console = new Console();

    @Override
    public Integer call() {
        if (turns < 1 || steps < 1) {
            throw new ResidualException("turns " + turns + ", steps " + steps + ": expected 1 or more");
        }
        Architecture a = Architecture.of(architecture);
        Recipe recipe = Json.with(Recipe.paper(a), Map.of("batchSize", batchSize));
        Engine.start(threads.count());
        Precision p = Precision.of(precision, Device.CPU).precision();
        if (growth) {
            growth(a, p);
        } else {
            say(String.format(Locale.ROOT, "%s, batch %d, %s, threads %d", a.name(), batchSize, p, Engine.threads()));
            document.put("architecture", a.name());
            document.put("batch", batchSize);
            document.put("precision", p);
            document.put("threads", Engine.threads());
            step(a, p);
            training(a, recipe, p);
        }
        if (json) {
            System.out.println(Json.pretty(document));
        }
        return Main.OK;
    }

    /** The operations, their sum, the step, reading. */
    private void step(Architecture a, Precision p) {
        List<Cost> costs = Operations.measure(a, batchSize, p);
        double[] step;
        double[] read;
        try (BareLoop loop = new BareLoop(a, batchSize, p)) {
            step = loop.steps(turns * steps);
            read = loop.reads(turns * steps);
        }
        costs = Operations.faster(costs, Operations.measure(a, batchSize, p));
        double minima = costs.stream().mapToDouble(c -> c.count() * c.minimum()).sum();
        double medians = costs.stream().mapToDouble(c -> c.count() * c.median()).sum();
        say(String.format("  %-28s %-24s %5s %19s %19s", "", "", "", "minimum, ms", "median, ms"));
        say(String.format(
                "  %-28s %-24s %5s %9s %9s %9s %9s",
                "operation", "shape", "times", "each", "in all", "each", "in all"));
        for (Cost c : costs) {
            say(String.format(
                    Locale.ROOT,
                    "  %-28s %-24s %5d %9.3f %9.2f %9.3f %9.2f",
                    c.operation(),
                    c.shape(),
                    c.count(),
                    c.minimum(),
                    c.count() * c.minimum(),
                    c.median(),
                    c.count() * c.median()));
        }
        double[] sorted = sorted(step);
        double least = sorted[0] / minima;
        double usual = sorted[sorted.length / 2] / medians;
        say(String.format(Locale.ROOT, "  %-68s %9.2f %19.2f", "sum", minima, medians));
        say(row("whole step", step, "ms"));
        say(String.format(
                Locale.ROOT,
                "  %-29s minimum %11.3f      median %11.3f",
                "  over the operations' sum of",
                least,
                usual));
        say(row("reading, images/s", perSecond(read), "/s"));
        document.put("operations", costs);
        document.put("sum_of_minima_ms", minima);
        document.put("sum_of_medians_ms", medians);
        document.put("step_ms", sorted);
        document.put("step_over_sum_of_minima", least);
        document.put("step_over_sum_of_medians", usual);
        document.put("reading_images_per_second", sorted(perSecond(read)));
    }

    /** Training as it is, and the batches. */
    private void training(Architecture a, Recipe recipe, Precision p) {
        Dataset dataset = Datasets.load(Datasets.SHAPES, Path.of("data"), (done, total) -> {});
        long last = (long) (turns + 1) * steps;
        TrainingOverhead o;
        try (TrainingView view = new TrainingView(console, recipe, Progress.start(recipe), last, (int) last)) {
            o = TrainingOverhead.measure(a, recipe, p, dataset, turns, steps, view);
        }
        double[] batches = BatchesSpeed.measure(dataset, recipe, p, turns, BATCHES);
        say(row("training as it is", o.training(), "ms"));
        say(row("  over a bare loop, in turns", o.ratios(), ""));
        say(row("training, images/s", perSecond(o.training()), "/s"));
        say(row("batches, images/s", batches, "/s"));
        document.put("training_ms", sorted(o.training()));
        document.put("training_over_bare_loop", sorted(o.ratios()));
        document.put("training_images_per_second", sorted(perSecond(o.training())));
        document.put("batches_images_per_second", sorted(batches));
    }

    /** A step's least time, with what a linear law expects from the first row of its group. */
    private void growth(Architecture a, Precision p) {
        List<Map<String, Object>> rows = new ArrayList<>();
        say(String.format(
                "%-12s %7s %7s %12s %12s %10s", "network", "batch", "threads", "ms a step", "linear law", "ratio"));
        int all = Engine.threads();
        for (int t = 1; t <= all; t *= 2) {
            grow(rows, a, batchSize, t, p, "threads");
        }
        for (int batch : new int[] {32, 128, 512, 1024}) {
            grow(rows, a, batch, all, p, "batch");
        }
        for (int depth : new int[] {20, 32, 56, 110}) {
            grow(rows, Architecture.of("resnet" + depth), batchSize, all, p, "depth");
        }
        document.put("precision", p);
        document.put("growth", rows);
    }

    private void grow(
            List<Map<String, Object>> rows, Architecture a, int batch, int threadCount, Precision p, String with) {
        Engine.start(threadCount);
        double ms;
        try (BareLoop loop = new BareLoop(a, batch, p)) {
            ms = sorted(loop.steps(Math.max(3, Math.min(steps, 40 * 128 / batch))))[0];
        }
        double work = (double) batch * Summary.of(a).multiplyAdds() / threadCount;
        Map<String, Object> first = rows.stream()
                .filter(r -> r.get("with").equals(with))
                .findFirst()
                .orElse(Map.of("ms", ms, "work", work));
        double expected = (double) first.get("ms") * work / (double) first.get("work");
        rows.add(Map.of(
                "with",
                with,
                "network",
                a.name(),
                "batch",
                batch,
                "threads",
                threadCount,
                "ms",
                ms,
                "work",
                work,
                "expected_ms",
                expected));
        say(String.format(
                Locale.ROOT,
                "%-12s %7d %7d %12.1f %12.1f %10.2f",
                a.name(),
                batch,
                threadCount,
                ms,
                expected,
                ms / expected));
    }

    private void say(String line) {
        if (!json) {
            console.line(line);
        }
    }

    private double[] perSecond(double[] milliseconds) {
        return Arrays.stream(milliseconds).map(ms -> batchSize * 1000 / ms).toArray();
    }

    private static double[] scaled(double[] values, double factor) {
        return Arrays.stream(values).map(v -> v * factor).toArray();
    }

    private static double[] sorted(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted;
    }

    private static String row(String name, double[] values, String unit) {
        double[] sorted = sorted(values);
        return String.format(
                Locale.ROOT,
                "  %-29s minimum %11.3f %2s   median %11.3f %2s   maximum %11.3f %2s",
                name,
                sorted[0],
                unit,
                sorted[sorted.length / 2],
                unit,
                sorted[sorted.length - 1],
                unit);
    }
}
