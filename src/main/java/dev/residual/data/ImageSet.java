package dev.residual.data;

import java.util.Arrays;

/**
 * Images of 32×32 pixels with their labels, in memory once.
 *
 * @param pixels N×H×W×C unsigned bytes (RGB, 0-255): the order in which the network reads them, so that a row of a crop
 *     is one run of bytes
 * @param labels N class numbers, from 0
 */
public record ImageSet(byte[] pixels, byte[] labels) {
    /** Height and width of every image. */
    public static final int SIZE = 32;

    public static final int CHANNELS = 3;

    /** Bytes of one image: 3,072. */
    public static final int BYTES = SIZE * SIZE * CHANNELS;

    public ImageSet {
        if (pixels.length != (long) labels.length * BYTES) {
            throw new IllegalArgumentException(labels.length + " labels, but " + pixels.length + " bytes of pixels");
        }
    }

    public int size() {
        return labels.length;
    }

    public int label(int image) {
        return labels[image] & 0xff;
    }

    /** The value 0-255 of one channel (0 red, 1 green, 2 blue) of one pixel. */
    public int at(int image, int y, int x, int channel) {
        return pixels[image * BYTES + (y * SIZE + x) * CHANNELS + channel] & 0xff;
    }

    /** The images with these numbers, in this order, copied. */
    public ImageSet select(int[] numbers) {
        byte[] chosen = new byte[numbers.length * BYTES];
        byte[] chosenLabels = new byte[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            System.arraycopy(pixels, numbers[i] * BYTES, chosen, i * BYTES, BYTES);
            chosenLabels[i] = labels[numbers[i]];
        }
        return new ImageSet(chosen, chosenLabels);
    }

    /** The first {@code n} images, or all when there are fewer. */
    public ImageSet first(int n) {
        int count = Math.min(n, size());
        return new ImageSet(Arrays.copyOf(pixels, count * BYTES), Arrays.copyOf(labels, count));
    }
}
