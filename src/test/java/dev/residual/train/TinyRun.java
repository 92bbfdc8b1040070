package dev.residual.train;

import dev.residual.data.Dataset;
import dev.residual.data.ImageSet;
import dev.residual.model.Software;
import dev.residual.nn.Architecture;
import dev.residual.nn.Shortcut;
import dev.residual.recipe.Recipe;
import dev.residual.run.Checkpoint;
import dev.residual.run.Checkpoints;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A run of seconds: a small network of eight layers on a few images of two colours. */
public final class TinyRun {
    public static final Architecture ARCHITECTURE = Architecture.of("resnet8")
            .withShortcut(Shortcut.A)
            .withWidths(List.of(16, 16, 32))
            .withClasses(2);

    /** Reddish and bluish noise; 60 images are four batches of 16, the last of 12. */
    public static final Dataset DATA =
            new Dataset("tiny", List.of("red", "blue"), noise(60, 1), noise(20, 2), Map.of());

    private TinyRun() {}

    static ImageSet noise(int n, long seed) {
        Random random = new Random(seed);
        byte[] pixels = new byte[n * ImageSet.BYTES];
        short[] labels = new short[n];
        for (int i = 0; i < n; i++) {
            labels[i] = (short) random.nextInt(2);
            for (int j = 0; j < ImageSet.BYTES; j++) {
                boolean bright = j % 3 == (labels[i] == 0 ? 0 : 2);
                pixels[i * ImageSet.BYTES + j] = (byte) (random.nextInt(200) + (bright ? 40 : 0));
            }
        }
        return new ImageSet(pixels, labels);
    }

    /** Ten iterations of the paper's, with minibatches of 16. */
    public static Recipe recipe() {
        Recipe paper = Recipe.paper(ARCHITECTURE).withIterations(10).withLearningRate(0.05);
        return paper.withImages(paper.images().withBatchSize(16));
    }

    public static RunConfig config(Recipe recipe, int validation, long checkpointEvery) {
        return config(recipe, validation, checkpointEvery, 1);
    }

    public static RunConfig config(Recipe recipe, int validation, long checkpointEvery, int threads) {
        return config(ARCHITECTURE, recipe, validation, checkpointEvery, threads);
    }

    static RunConfig config(
            Architecture architecture, Recipe recipe, int validation, long checkpointEvery, int threads) {
        return new RunConfig(
                architecture,
                0,
                recipe,
                new RunConfig.Data("tiny", "nowhere", validation, OptionalDouble.empty(), Map.of()),
                1,
                new RunConfig.Compute(threads, Precision.FP32, "cpu", "auto"),
                new RunConfig.Keep(checkpointEvery, true, false),
                new RunConfig.Made(software(), "2026-01-31T12:00:00Z", List.of()));
    }

    static Software software() {
        dev.residual.tensor.Engine.start(dev.residual.tensor.Engine.threads());
        try (dev.residual.backend.Backend backend =
                dev.residual.backend.Backend.of("auto", dev.residual.tensor.Device.CPU, Precision.FP32)) {
            return new Software("test", "", backend.description(), "", "", "");
        }
    }

    /** Trains from wherever the directory's checkpoints are. */
    static Optional<Trained> train(
            RunConfig config, Path directory, BooleanSupplier stop, Consumer<TrainingEvent> listener) {
        RunDirectory run = new RunDirectory(directory);
        Optional<Checkpoint> checkpoint = new Checkpoints(run.checkpoints())
                .latest(sentence -> listener.accept(new TrainingEvent.Warning(sentence)));
        return new TrainingRun(config, DATA, Optional.of(run), checkpoint).run(listener, stop);
    }

    /** To its end. */
    public static Trained train(RunConfig config, Path directory) {
        return train(config, directory, () -> false, event -> {}).orElseThrow();
    }
}
