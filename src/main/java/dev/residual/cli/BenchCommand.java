package dev.residual.cli;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.bench.BareLoop;
import dev.residual.bench.BatchesSpeed;
import dev.residual.bench.Operations;
import dev.residual.bench.Operations.Cost;
import dev.residual.bench.Operations.Form;
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
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measures this machine: each kind of operation of a training step alone, as libtorch computes it on plain"
                    + " maps and as the step does; in turns with them the whole step (a bare loop on one batch) and"
                    + " reading; then training as it is (batches, metrics, progress) and the thread that makes the"
                    + " batches.",
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
        Precision p = Precision.of(precision, Device.CPU);
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

    /** The operations, their sums, the step, reading, all in turns. */
    private void step(Architecture a, Precision p) {
        double[] step = new double[turns * steps];
        int reads = Math.max(1, steps / BareLoop.READ);
        double[] read = new double[turns * reads];
        List<Cost> libtorch;
        List<Cost> own;
        try (BareLoop loop = new BareLoop(a, batchSize, p);
                Operations plain = new Operations(a, batchSize, p, Form.LIBTORCH, loop);
                Operations ours = new Operations(a, batchSize, p, Form.STEP, loop)) {
            for (int turn = 0; turn < turns; turn++) {
                plain.round();
                ours.round();
                System.arraycopy(loop.steps(steps), 0, step, turn * steps, steps);
                System.arraycopy(loop.reads(reads), 0, read, turn * reads, reads);
            }
            libtorch = plain.costs();
            own = ours.costs();
        }
        say(String.format("  %-28s %-24s %26s %26s", "", "", "libtorch's, plain", "as in the step"));
        say(String.format(
                "  %-28s %-24s %5s %10s %9s %5s %10s %9s",
                "operation, least ms", "shape", "times", "each", "in all", "times", "each", "in all"));
        Map<List<String>, Cost[]> rows = new LinkedHashMap<>();
        libtorch.forEach(c -> rows.put(List.of(c.operation(), c.shape()), new Cost[] {c, null}));
        own.forEach(c -> rows.computeIfAbsent(List.of(c.operation(), c.shape()), k -> new Cost[2])[1] = c);
        rows.forEach((name, costs) -> say(
                String.format("  %-28s %-24s %26s %26s", name.get(0), name.get(1), cells(costs[0]), cells(costs[1]))));
        double[] sorted = sorted(step);
        document.put("operations_libtorch", libtorch);
        document.put("operations_step", own);
        document.put("step_ms", sorted);
        document.put("reading_images_per_second", sorted(perSecond(BareLoop.READ * batchSize, read)));
        say(row("whole step", step, "ms"));
        over("libtorch", "libtorch's operations", libtorch, sorted);
        over("own", "its own operations", own, sorted);
        say(row("reading, images/s", perSecond(BareLoop.READ * batchSize, read), "/s"));
    }

    private static String cells(Cost c) {
        return c == null
                ? ""
                : String.format(Locale.ROOT, "%5d %10.3f %9.2f", c.count(), c.minimum(), c.count() * c.minimum());
    }

    /** The step's time over the sum of what its operations take. */
    private void over(String key, String name, List<Cost> costs, double[] step) {
        over(key, "sum_of_minima", name + ", least", costs, Cost::minimum, step[0]);
        over(key, "sum_of_medians", name + ", medians", costs, Cost::median, step[step.length / 2]);
        over(key, "sum_from_memory", name + ", nothing in caches", costs, Cost::fromMemory, step[0]);
    }

    private void over(String key, String kind, String name, List<Cost> costs, ToDoubleFunction<Cost> of, double step) {
        double sum =
                costs.stream().mapToDouble(c -> c.count() * of.applyAsDouble(c)).sum();
        document.put(kind + "_ms_" + key, sum);
        document.put("step_over_" + kind + "_" + key, step / sum);
        say(String.format(Locale.ROOT, "    over %-42s %8.3f ms   ratio %6.3f", name, sum, step / sum));
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
        say(row("training, images/s", perSecond(batchSize, o.training()), "/s"));
        say(row("batches, images/s", batches, "/s"));
        document.put("training_ms", sorted(o.training()));
        document.put("training_over_bare_loop", sorted(o.ratios()));
        document.put("training_images_per_second", sorted(perSecond(batchSize, o.training())));
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

    private static double[] perSecond(int images, double[] milliseconds) {
        return Arrays.stream(milliseconds).map(ms -> images * 1000 / ms).toArray();
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
