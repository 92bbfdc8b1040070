package dev.residual.study;

import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.Rows;
import dev.residual.run.RunDirectory;
import dev.residual.run.Score;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/** Run directories as version 0.1.0 left them: ResNet-20 by the paper on CIFAR-10, and what tests make of it. */
public final class Samples {
    private static final int EPOCH = 391;

    private Samples() {}

    /** {@code config.json} of version 0.1.0. */
    public static String config() {
        try (InputStream in = Samples.class.getResourceAsStream("config-0.1.0.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param iterations where its metrics end */
    public static Path run(Path directory, long iterations, double accuracy, UnaryOperator<String> change) {
        Score score = new Score(0.3, accuracy);
        List<Metrics> rows = List.of(
                Rows.row(0, 0, 0.1, Score.NONE, new Score(2.3, 10), 0),
                Rows.row(1, Math.min(EPOCH, iterations), 0.1, new Score(1.5, 50), new Score(1.4, 55), 60),
                Rows.row((int) (iterations / EPOCH) + 1, iterations, 0.001, new Score(0.02, 99), score, 12_000));
        try {
            Files.createDirectories(directory);
            Files.writeString(directory.resolve("config.json"), change.apply(config()));
            new MetricsFile(new RunDirectory(directory).metrics()).write(rows);
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Path run(Path directory, long seed, double accuracy) {
        return run(directory, 64_000, accuracy, seed(seed));
    }

    public static UnaryOperator<String> seed(long seed) {
        return config -> config.replace("\"seed\": 1", "\"seed\": " + seed);
    }
}
