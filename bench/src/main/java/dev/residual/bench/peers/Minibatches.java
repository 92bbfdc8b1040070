package dev.residual.bench.peers;

import dev.residual.ResidualException;
import dev.residual.data.Augmentation;
import dev.residual.data.Augmentation.View;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.data.Seed;

/**
 * Ready-made minibatches for peers, whose loaders are not measured: they get them for nothing.
 *
 * @param images of each batch, N×C×H×W float32, normalised
 * @param labels of each batch
 */
record Minibatches(float[][] images, long[][] labels) {
    static final int TEST_IMAGES = 2_000;

    /** The first minibatches of the first epoch that Residual trains on, pixel for pixel. */
    static Minibatches training(ImageSet set, Normalization normalization, Augmentation augmentation, int size, int n) {
        int[] order = Seed.permutation(set.size(), Seed.mix(Setup.SEED, 0));
        int count = Math.min(n, set.size() / size);
        float[][] images = new float[count][size * ImageSet.BYTES];
        long[][] labels = new long[count][size];
        for (int b = 0; b < count; b++) {
            for (int i = 0; i < size; i++) {
                int position = b * size + i;
                View view = augmentation.draw(Setup.SEED, 0, position, order[position], set.side());
                write(set, order[position], view, normalization, images[b], i * ImageSet.BYTES);
                labels[b][i] = set.label(order[position]);
            }
        }
        return new Minibatches(images, labels);
    }

    /** Test images as they are, from the first on: whole batches, of 2,000 images at most but one batch at least. */
    static Minibatches test(ImageSet set, Normalization normalization, int size) {
        int count = Math.max(1, Math.min(TEST_IMAGES, set.size()) / size);
        if (size > set.size()) {
            throw new ResidualException("batch " + size + ": the test set has " + set.size() + " images");
        }
        float[][] images = new float[count][size * ImageSet.BYTES];
        long[][] labels = new long[count][size];
        for (int b = 0; b < count; b++) {
            for (int i = 0; i < size; i++) {
                int image = b * size + i;
                write(set, image, View.ORIGINAL, normalization, images[b], i * ImageSet.BYTES);
                labels[b][i] = set.label(image);
            }
        }
        return new Minibatches(images, labels);
    }

    private static void write(ImageSet set, int image, View view, Normalization n, float[] out, int offset) {
        int to = offset;
        for (int c = 0; c < ImageSet.CHANNELS; c++) {
            for (int y = 0; y < ImageSet.SIZE; y++) {
                for (int x = 0; x < ImageSet.SIZE; x++, to++) {
                    int sourceY = y + view.dy();
                    int sourceX = (view.mirrored() ? ImageSet.SIZE - 1 - x : x) + view.dx();
                    if (sourceY >= 0 && sourceY < ImageSet.SIZE && sourceX >= 0 && sourceX < ImageSet.SIZE) {
                        float value = set.at(image, sourceY, sourceX, c) / 255f;
                        out[to] = (value - n.meanAt(c, sourceY, sourceX)) / n.std()[c];
                    }
                }
            }
        }
    }

    int count() {
        return images.length;
    }
}
