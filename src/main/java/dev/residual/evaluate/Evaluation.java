package dev.residual.evaluate;

import java.util.stream.IntStream;

/**
 * A network's predictions for a set of images.
 *
 * @param labels the true class of each image
 * @param predicted the most probable class of each image, by the network
 * @param confidence the softmax probability of that class, 0-1
 * @param loss mean cross-entropy per image
 * @param classes how many classes there are
 */
public record Evaluation(int[] labels, int[] predicted, float[] confidence, double loss, int classes) {
    public int images() {
        return labels.length;
    }

    public int correct() {
        return (int) IntStream.range(0, images())
                .filter(i -> labels[i] == predicted[i])
                .count();
    }

    /** Percent of the images classified correctly. */
    public double accuracy() {
        return 100.0 * correct() / images();
    }

    /** {@code confusion()[actual][predicted]} counts images. */
    public int[][] confusion() {
        int[][] counts = new int[classes][classes];
        for (int i = 0; i < labels.length; i++) {
            counts[labels[i]][predicted[i]]++;
        }
        return counts;
    }

    /** The recall of each class: percent of its images whose class was found; NaN for a class without images. */
    public double[] recall() {
        int[] images = new int[classes];
        int[] found = new int[classes];
        for (int i = 0; i < labels.length; i++) {
            images[labels[i]]++;
            found[labels[i]] += labels[i] == predicted[i] ? 1 : 0;
        }
        return IntStream.range(0, classes)
                .mapToDouble(c -> 100.0 * found[c] / images[c])
                .toArray();
    }
}
