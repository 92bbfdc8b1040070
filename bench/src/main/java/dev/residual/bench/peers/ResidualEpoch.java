package dev.residual.bench.peers;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.model.Architecture;
import dev.residual.model.Summary;
import dev.residual.run.Metrics;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.train.Recipe;
import dev.residual.train.RunConfig;
import dev.residual.train.TrainingListener;
import dev.residual.train.TrainingRun;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * Whole epochs of the product's own run: batches, training, evaluation, metrics and log. Its recipe is the article's,
 * which evaluates the whole training set too, or the paper's, which does not.
 *
 * <p>A run has its own loop, so the turns are taken from inside: at each epoch's end it waits for the next line.
 */
final class ResidualEpoch implements TrainingListener {
    private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    private final Architecture architecture;
    private final int images;
    private boolean stopped;
    private long start;

    private ResidualEpoch(Architecture architecture, int images) {
        this.architecture = architecture;
        this.images = images;
    }

    public static void main(String[] args) {
        Setup setup = Setup.of(args);
        Dataset dataset = setup.dataset();
        Architecture architecture = Architecture.of(setup.architecture);
        Recipe recipe =
                switch (setup.way) {
                    case "article" -> Recipe.article();
                    case "paper" -> Recipe.paper(architecture);
                    default -> throw new ResidualException("recipe " + setup.way + ": expected article or paper");
                };
        Engine.start(setup.threads);
        RunConfig config = new RunConfig(
                architecture,
                Json.with(recipe, Map.of("batchSize", setup.batch)),
                new RunConfig.Data(dataset.name(), String.valueOf(setup.data), 0, dataset.sha256()),
                Setup.SEED,
                setup.threads,
                Precision.of("auto", Device.CPU),
                "cpu",
                500,
                false,
                Map.of());
        ResidualEpoch epoch = new ResidualEpoch(architecture, dataset.train().size());
        new TrainingRun(RunDirectory.create(setup.output), config, dataset, () -> epoch.stopped)
                .run(Optional.empty(), epoch);
    }

    @Override
    public void onEpoch(Metrics metrics) {
        if (metrics.epoch() == 0) {
            Contestant.say(Map.of("parameters", Summary.of(architecture).parameters()));
        } else {
            Contestant.say(Map.of(
                    "images",
                    images,
                    "trainLoss",
                    metrics.trainLoss(),
                    "testLoss",
                    metrics.testLoss(),
                    "testAccuracy",
                    metrics.testAccuracy(),
                    "milliseconds",
                    (System.nanoTime() - start) / 1e6));
        }
        try {
            stopped = in.readLine() == null; // a line is one epoch, whatever it says
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start = System.nanoTime();
    }
}
