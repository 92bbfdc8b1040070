package dev.residual.data;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Square images of one size with their labels, in memory once.
 *
 * @param side height and width of every image
 * @param pixels N×H×W×C unsigned bytes (RGB, 0-255), so that a row of a crop is one run of bytes
 * @param labels N class numbers, from 0, unsigned
 * @param names of the images' files; empty where they have none
 */
public record ImageSet(int side, byte[] pixels, short[] labels, List<String> names) {
    public static final int CHANNELS = 3;

    /** Height and width of CIFAR's images. */
    public static final int SIZE = 32;

    /** Bytes of one image of CIFAR: 3,072. */
    public static final int BYTES = SIZE * SIZE * CHANNELS;

    /** Of CIFAR's size. */
    public ImageSet(byte[] pixels, short[] labels) {
        this(SIZE, pixels, labels, List.of());
    }

    public ImageSet {
        if (pixels.length != (long) labels.length * bytes(side)) {
            throw new IllegalArgumentException(labels.length + " labels, but " + pixels.length + " bytes of pixels");
        }
        if (!names.isEmpty() && names.size() != labels.length) {
            throw new IllegalArgumentException(labels.length + " labels, but " + names.size() + " names");
        }
        names = List.copyOf(names);
    }

    /** Bytes of one image of that height and width. */
    static int bytes(int side) {
        return side * side * CHANNELS;
    }

    /** Bytes of one image. */
    public int imageBytes() {
        return bytes(side);
    }

    public int size() {
        return labels.length;
    }

    public int label(int image) {
        return labels[image] & 0xffff;
    }

    /** The name of an image's file, or else its number in the set that it was loaded with. */
    public String name(int image) {
        return names.isEmpty() ? Integer.toString(image) : names.get(image);
    }

    /** The value 0-255 of one channel (0 red, 1 green, 2 blue) of one pixel. */
    public int at(int image, int y, int x, int channel) {
        return pixels[image * imageBytes() + (y * side + x) * CHANNELS + channel] & 0xff;
    }

    /** The images with these numbers, in this order, copied. */
    public ImageSet select(int[] numbers) {
        int bytes = imageBytes();
        byte[] chosen = new byte[numbers.length * bytes];
        short[] chosenLabels = new short[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            System.arraycopy(pixels, numbers[i] * bytes, chosen, i * bytes, bytes);
            chosenLabels[i] = labels[numbers[i]];
        }
        return new ImageSet(
                side,
                chosen,
                chosenLabels,
                IntStream.of(numbers).mapToObj(this::name).toList());
    }

    /** The first {@code n} images, or all when there are fewer. */
    public ImageSet first(int n) {
        int count = Math.min(n, size());
        return new ImageSet(
                side,
                Arrays.copyOf(pixels, count * imageBytes()),
                Arrays.copyOf(labels, count),
                names.isEmpty() ? names : names.subList(0, count));
    }
}
