package dev.residual.data;

import dev.residual.Digests;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * {@code shapes}: ten classes of generated images in the format of CIFAR-10 and a fifth of its size, to train on where
 * there is no network to fetch a data set from.
 *
 * <p>Each image shows one shape, filled or as an outline, on a background that may be textured, among clutter. Size,
 * place, tilt, colours and textures are drawn without regard to the class, so that only form tells the classes apart.
 * No class is the mirror image of another: flips keep the label. The images run evenly from easy to hard.
 */
public final class Shapes {
    public static final String NAME = "shapes";

    /** The names of the classes, in the order of their numbers. */
    public static final List<String> CLASSES = Arrays.stream(Figure.values())
            .map(shape -> shape.name().toLowerCase(Locale.ROOT))
            .toList();

    /** Images to train on, and to test on. */
    public static final int TRAIN = 10_000;

    public static final int TEST = 2_000;

    private Shapes() {}

    /** The whole set, {@value #TRAIN} images to train on and {@value #TEST} to test on: a pure function of its seed. */
    public static Dataset generate(long seed) {
        return generate(seed, TRAIN, TEST);
    }

    /** The first {@code train} and the first {@code test} images of the sets that {@code seed} stands for. */
    static Dataset generate(long seed, int train, int test) {
        ImageSet trainSet = images(Seed.mix(seed, 0), train);
        ImageSet testSet = images(Seed.mix(seed, 1), test);
        return new Dataset(NAME, CLASSES, trainSet, testSet, Map.of(NAME, sha256(trainSet, testSet)));
    }

    private static ImageSet images(long seed, int count) {
        byte[] pixels = new byte[Math.multiplyExact(count, ImageSet.BYTES)];
        short[] labels = new short[count];
        IntStream.range(0, count).parallel().forEach(i -> {
            // Each image has draws of its own, so that it does not matter which thread paints it, nor when.
            Random random = new Random(Seed.mix(seed, i));
            labels[i] = (short) random.nextInt(CLASSES.size());
            Scene.paint(Figure.values()[labels[i]], random, pixels, i * ImageSet.BYTES);
        });
        return new ImageSet(pixels, labels);
    }

    /** Over the pixels and then the labels, first of the training set, then of the test set. */
    private static String sha256(ImageSet... sets) {
        MessageDigest digest = Digests.sha256();
        for (ImageSet set : sets) {
            digest.update(set.pixels());
            for (short label : set.labels()) {
                digest.update((byte) label);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
