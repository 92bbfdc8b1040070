package dev.residual.bench;

import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.Dataset;
import dev.residual.data.Normalization;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.train.Recipe;
import java.util.Arrays;

/** How fast the thread that makes minibatches is when nothing waits for it. */
public final class BatchesSpeed {
    private BatchesSpeed() {}

    /**
     * Takes minibatches as fast as they come: shuffled, cropped, flipped and normalised as the recipe says.
     *
     * @param batches in each turn
     * @return images a second, one number for each turn
     */
    public static double[] measure(Dataset dataset, Recipe recipe, Precision precision, int turns, int batches) {
        Normalization normalization = Normalization.of(recipe.normalization(), dataset.train());
        Order order = new Order(true, recipe.augmentation(), 1);
        double[] speeds = new double[turns];
        try (Batches source = new Batches(dataset.train(), normalization, order, recipe.batchSize(), precision, 0, 0)) {
            take(source, batches); // warms up
            Arrays.setAll(speeds, turn -> {
                long start = System.nanoTime();
                return take(source, batches) / ((System.nanoTime() - start) / 1e9);
            });
        }
        return speeds;
    }

    private static long take(Batches source, int batches) {
        long images = 0;
        for (int i = 0; i < batches; i++) {
            try (Scope scope = Scope.noGrad()) {
                images += source.next().size();
            }
        }
        return images;
    }
}
