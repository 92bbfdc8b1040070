package dev.residual.cli;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.Text;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.launch.Launch;
import dev.residual.launch.Training;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Recipe;
import dev.residual.run.RunConfig;
import dev.residual.train.TrainingEvent;
import dev.residual.train.TrainingEvent.EpochEnded;
import dev.residual.train.TrainingEvent.Evaluating;
import dev.residual.train.TrainingEvent.Stepped;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures the training and inference speed of a network on this machine, and estimates training"
                + " times.")
final class BenchCommand implements Callable<Integer> {
    /** Steps that are not counted: caches and the JIT compiler are cold. */
    private static final int WARM_UP = 10;

    @Option(
            names = {"-a", "--arch", "--architecture"},
            paramLabel = "NAME",
            defaultValue = "resnet20",
            description = "Default: ${DEFAULT-VALUE}.")
    private String architecture;

    @Option(
            names = {"-b", "--batch-size"},
            paramLabel = "N",
            defaultValue = "128",
            description = "Minibatch size. Default: ${DEFAULT-VALUE}.")
    private int batchSize;

    @Mixin
    private ComputeOptions compute = new ComputeOptions();

    @Mixin
    private ThreadsOption threads = new ThreadsOption();

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "50",
            description = "Training steps that are timed. Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Option(names = "--json", description = "Print one JSON document and nothing else.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** The time of each step and of the last evaluation. */
    private static final class Stopwatch implements Consumer<TrainingEvent> {
        private final List<Double> milliseconds = new ArrayList<>();
        private double trained;
        private long evaluating;
        private double evaluationSeconds;

        @Override
        public void accept(TrainingEvent event) {
            if (event instanceof Stepped s) {
                milliseconds.add(1000 * (s.progress().seconds() - trained));
                trained = s.progress().seconds();
            } else if (event instanceof Evaluating) {
                evaluating = System.nanoTime();
            } else if (event instanceof EpochEnded) {
                evaluationSeconds = (System.nanoTime() - evaluating) / 1e9;
            }
        }

        List<Double> sorted() {
            return milliseconds.stream().skip(WARM_UP).sorted().toList();
        }
    }

    @Override
    public Integer call() {
        Architecture network = UsageErrors.of(spec, () -> {
            ResidualException.require(steps >= 1, "steps " + steps + ": expected 1 or more");
            compute.require();
            threads.require();
            return Architecture.of(architecture);
        });
        Recipe paper = Recipe.paper(network);
        Recipe recipe = UsageErrors.of(
                spec,
                () -> paper.withIterations(WARM_UP + steps)
                        .withImages(paper.images().withBatchSize(batchSize)));
        Dataset shapes = Datasets.load(Datasets.SHAPES, Path.of("data"));
        int size = shapes.train().size();
        int batch = Math.min(batchSize, size);
        Dataset whole = new Dataset( // in minibatches that all have as many images
                shapes.name(), shapes.classes(), shapes.train().first(size / batch * batch), shapes.test(), Map.of());
        Stopwatch watch = new Stopwatch();
        Training training = Training.of(network, whole)
                .recipe(recipe)
                .precision(compute.precision)
                .device(compute.device)
                .backend(compute.backend.name())
                .threads(threads.count());
        RunConfig config;
        try (Launch launch = training.launch()) {
            config = launch.run().config();
            launch.run().run(watch, () -> false);
        }
        report(config, batch, paper.length().iterations(), watch, shapes.test().size());
        return Main.OK;
    }

    private void report(RunConfig config, int batch, long iterations, Stopwatch watch, int testImages) {
        String network = config.architecture().name();
        RunConfig.Compute by = config.compute();
        String backend = config.made().software().backend();
        List<Double> sorted = watch.sorted();
        double median = sorted.get(sorted.size() / 2);
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("architecture", network);
        figures.put("batch_size", batch);
        figures.put("precision", by.precision().toString());
        figures.put("device", by.device());
        figures.put("backend", backend);
        figures.put("threads", by.threads());
        figures.put("step_ms_minimum", sorted.get(0));
        figures.put("step_ms_median", median);
        figures.put("training_images_per_second", 1000 * batch / median);
        figures.put("inference_images_per_second", testImages / watch.evaluationSeconds);
        figures.put("paper_recipe_seconds", median / 1000 * iterations);
        if (json) {
            System.out.println(Json.pretty(figures));
            return;
        }
        System.out.printf(
                Locale.ROOT,
                "%s, batch %d, on %s in %s with %d thread%s (%s):%n  %.1f ms a step (least %.1f),"
                        + " %,.0f images/s in training, %,.0f images/s in inference%n",
                network,
                batch,
                by.device(),
                by.precision(),
                by.threads(),
                by.threads() == 1 ? "" : "s",
                backend,
                median,
                sorted.get(0),
                1000 * batch / median,
                testImages / watch.evaluationSeconds);
        for (long n : new long[] {iterations, 7_820, 1_955}) {
            System.out.printf(
                    Locale.ROOT, "  %,7d iterations take about %s of training%n", n, Text.duration(median / 1000 * n));
        }
    }
}
