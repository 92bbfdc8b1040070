package dev.residual.bench.peers;

import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.graph.Summary;
import dev.residual.launch.Launch;
import dev.residual.launch.Training;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Recipe;
import dev.residual.run.Metrics;
import dev.residual.train.TrainingEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Whole epochs of the product's own run: batches, training, evaluation, metrics and log. Its recipe is the article's,
 * which evaluates the whole training set too, or the paper's, which does not.
 *
 * <p>A run has its own loop, so the turns are taken from inside: at each epoch's end it waits for the next line.
 */
final class ResidualEpoch implements Consumer<TrainingEvent> {
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
        ResidualEpoch epoch = new ResidualEpoch(architecture, dataset.train().size());
        try (Launch launch = Training.of(architecture, dataset)
                .recipe(recipe.withImages(recipe.images().withBatchSize(setup.batch)))
                .seed(Setup.SEED)
                .threads(setup.threads)
                .output(setup.output)
                .launch()) {
            launch.run().run(epoch, () -> epoch.stopped);
        }
    }

    @Override
    public void accept(TrainingEvent event) {
        if (event instanceof TrainingEvent.EpochEnded ended) {
            onEpoch(ended.metrics());
        }
    }

    private void onEpoch(Metrics metrics) {
        if (metrics.epoch() == 0) {
            Contestant.say(Map.of("parameters", Summary.of(architecture.graph()).parameters()));
        } else {
            Contestant.say(Map.of(
                    "images",
                    images,
                    "trainLoss",
                    metrics.train().loss(),
                    "testLoss",
                    metrics.test().loss(),
                    "testAccuracy",
                    metrics.test().accuracy(),
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
