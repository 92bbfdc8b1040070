package dev.residual.recipe;

import java.util.Locale;
import java.util.stream.IntStream;

/** How much an image counts in the loss, by its class. */
public enum ClassWeights {
    /** All images alike. */
    NONE,
    /**
     * n / (k·c) for one of the c images of its class among n images of k classes, so that all classes count alike, as
     * scikit-learn's {@code class_weight="balanced"} has it.
     */
    BALANCED;

    /**
     * The weight of each class; 0 for one without images.
     *
     * @param counts images of each class that are trained on
     */
    public float[] of(int[] counts) {
        long all = IntStream.of(counts).asLongStream().sum();
        float[] weights = new float[counts.length];
        for (int c = 0; c < counts.length; c++) {
            double balanced = counts[c] == 0 ? 0 : (double) all / ((double) counts.length * counts[c]);
            weights[c] = this == NONE ? 1 : (float) balanced;
        }
        return weights;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
