package dev.residual.report;

import dev.residual.data.ImageSet;
import dev.residual.evaluate.Evaluation;
import dev.residual.run.Metrics;
import dev.residual.run.Rows;
import dev.residual.run.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Made-up runs. */
final class Samples {
    static final List<String> CLASSES = List.of("circle", "square", "star");

    private Samples() {}

    /** Row 0 and {@code epochs} more of 100 iterations, the last half with a tenth of the learning rate. */
    static List<Metrics> metrics(int epochs) {
        List<Metrics> rows = new ArrayList<>();
        for (int e = 0; e <= epochs; e++) {
            double rate = 2 * e > epochs ? 0.01 : 0.1;
            double trainLoss = e == 0 ? Double.NaN : 2.3 / e;
            double trainAccuracy = e == 0 ? Double.NaN : 100 - 90.0 / e;
            rows.add(Rows.row(
                    e,
                    100L * e,
                    rate,
                    new Score(trainLoss, trainAccuracy),
                    new Score(2.4 / (e + 1), 95 - 85.0 / (e + 1)),
                    60 * e));
        }
        return rows;
    }

    /** Every third image of {@code images} is taken for the next class, with a confidence all its own. */
    static Evaluation evaluation(int images) {
        int[] labels = new int[images];
        int[] predicted = new int[images];
        float[] confidence = new float[images];
        for (int i = 0; i < images; i++) {
            labels[i] = i % 3;
            predicted[i] = i % 9 < 3 ? (i + 1) % 3 : i % 3;
            confidence[i] = 0.4f + 0.6f * ((i * 37) % images) / images;
        }
        return new Evaluation(labels, predicted, confidence, 0.5, 3);
    }

    static ImageSet images(int n) {
        byte[] pixels = new byte[n * ImageSet.BYTES];
        new Random(1).nextBytes(pixels);
        short[] labels = new short[n];
        for (int i = 0; i < n; i++) {
            labels[i] = (short) (i % 3);
        }
        return new ImageSet(pixels, labels);
    }

    static Filters filters() {
        float[] weights = new float[16 * 3 * 3 * 3];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) Math.sin(i);
        }
        return new Filters(weights, 16, 3, 3, 3);
    }
}
