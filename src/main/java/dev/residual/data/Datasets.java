package dev.residual.data;

import dev.residual.ResidualException;
import java.nio.file.Path;
import java.util.List;

/** The data sets by name. */
public final class Datasets {
    public static final String CIFAR10 = "cifar10";
    public static final String SHAPES = Shapes.NAME;

    private static final List<String> NAMES = List.of(CIFAR10, SHAPES);

    /** {@code shapes} is one data set, the same for everybody, whatever the seed of a run. */
    private static final long SHAPES_SEED = 1;

    private Datasets() {}

    /** @throws ResidualException when {@link #load} would not know that name */
    public static void requireName(String name) {
        if (!NAMES.contains(name)) {
            throw unknown(name);
        }
    }

    private static ResidualException unknown(String name) {
        return new ResidualException("no data set '" + name + "': expected " + String.join(" or ", NAMES));
    }

    /** Whether {@link #load} would find the data set without a network. */
    public static boolean isThere(String name, Path directory) {
        return !name.equals(CIFAR10) || Cifar10.isIn(directory);
    }

    /**
     * @param directory where the files are, or are downloaded to; not used for a generated data set
     * @param progress is told of a download
     * @throws ResidualException when there is none of that name, or its files are damaged or cannot be had
     */
    public static Dataset load(String name, Path directory, Download.Progress progress) {
        return switch (name) {
            case CIFAR10 -> Cifar10.load(directory, progress);
            case SHAPES -> Shapes.generate(SHAPES_SEED);
            default ->
                throw new ResidualException("no data set '" + name + "': expected " + String.join(" or ", NAMES));
        };
    }
}
