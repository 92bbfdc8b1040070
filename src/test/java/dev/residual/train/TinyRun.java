package dev.residual.train;

import dev.residual.Json;
import dev.residual.data.Dataset;
import dev.residual.data.ImageSet;
import dev.residual.model.Architecture;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Precision;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A run of seconds: a small network of eight layers on a few images of two colours. */
final class TinyRun {
    static final Architecture ARCHITECTURE =
            new Architecture(8, List.of(16, 16, 32), Architecture.ShortcutKind.A, false, 2);

    /** Reddish and bluish noise; 60 images are four batches of 16, the last of 12. */
    static final Dataset DATA = new Dataset("tiny", List.of("red", "blue"), noise(60, 1), noise(20, 2), Map.of());

    private TinyRun() {}

    private static ImageSet noise(int n, long seed) {
        Random random = new Random(seed);
        byte[] pixels = new byte[n * ImageSet.BYTES];
        byte[] labels = new byte[n];
        for (int i = 0; i < n; i++) {
            labels[i] = (byte) random.nextInt(2);
            for (int j = 0; j < ImageSet.BYTES; j++) {
                boolean bright = j % 3 == (labels[i] == 0 ? 0 : 2);
                pixels[i * ImageSet.BYTES + j] = (byte) (random.nextInt(200) + (bright ? 40 : 0));
            }
        }
        return new ImageSet(pixels, labels);
    }

    static Recipe recipe(Map<String, ?> changes) {
        Map<String, Object> all = new HashMap<>(Map.of("batchSize", 16, "learningRate", 0.05));
        all.putAll(changes);
        return Json.with(Recipe.paper(ARCHITECTURE).withIterations(10), all);
    }

    static RunConfig config(Recipe recipe, int validation, long checkpointEvery) {
        return config(recipe, validation, checkpointEvery, 1);
    }

    static RunConfig config(Recipe recipe, int validation, long checkpointEvery, int threads) {
        RunConfig.Data data = new RunConfig.Data("tiny", "nowhere", validation, Map.of());
        return new RunConfig(
                ARCHITECTURE,
                recipe,
                data,
                1,
                threads,
                Precision.FP32,
                "cpu",
                checkpointEvery,
                true,
                Map.of("residual", "test"));
    }

    static TrainingRun of(RunConfig config, Path directory, java.util.function.BooleanSupplier stop) {
        return new TrainingRun(new RunDirectory(directory), config, DATA, stop);
    }
}
