package dev.residual.data;

import dev.residual.ResidualException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/** The data sets by name. */
public final class Datasets {
    public static final String CIFAR10 = "cifar10";
    public static final String SHAPES = Shapes.NAME;

    public static final String CIFAR100 = "cifar100";

    /** The images of {@link #CIFAR100} by their twenty coarse classes. */
    public static final String CIFAR100_COARSE = "cifar100-coarse";

    /** A person's own pictures, see {@link Folder}. */
    public static final String FOLDER = "folder";

    private static final List<String> NAMES = List.of(CIFAR10, CIFAR100, CIFAR100_COARSE, SHAPES, FOLDER);

    /** {@code shapes} is one data set, the same for everybody, whatever the seed of a run. */
    private static final long SHAPES_SEED = 1;

    private Datasets() {}

    public static List<String> names() {
        return NAMES;
    }

    /** @throws ResidualException when {@link #load} would not know that name */
    public static void requireName(String name) {
        ResidualException.requireOneOf("data set", name, NAMES);
    }

    /**
     * The names of a data set's classes, by number.
     *
     * @throws ResidualException when there is none of that name, or its classes are whatever lies in a folder
     */
    public static List<String> classes(String name) {
        requireName(name);
        return switch (name) {
            case CIFAR10 -> Cifar10.CLASSES;
            case CIFAR100 -> Cifar100.CLASSES;
            case CIFAR100_COARSE -> Cifar100.COARSE_CLASSES;
            case SHAPES -> Shapes.CLASSES;
            default ->
                throw new ResidualException("a folder of pictures has no fixed classes: name them with --classes");
        };
    }

    /** Whether {@link #load} would find the data set without a network. */
    public static boolean isThere(String name, Path directory) {
        return switch (name) {
            case CIFAR10 -> new CifarFinder(Cifar10.SET).isIn(directory);
            case CIFAR100, CIFAR100_COARSE -> new CifarFinder(Cifar100.FINE).isIn(directory);
            case FOLDER -> Files.isDirectory(directory);
            default -> true;
        };
    }

    /**
     * Loads a data set. CIFAR is found in or around the directory, in its binary or its Python version, unpacked or in an
     * archive, which is unpacked once; or it is downloaded there. A download is checked by its MD5, local files by their
     * structure. Images keep the order of the files. Pictures of {@link #FOLDER} are resized to 32×32, and a fifth of each class
     * is tested on where there is no test folder; {@link Folder} has these as parameters.
     *
     * @param directory where the files are, or are downloaded to; not used for a generated data set
     * @param progress receives the state of a download
     * @throws ResidualException when there is none of that name, or its files are damaged or cannot be had
     */
    public static Dataset load(String name, Path directory, Download.Progress progress) {
        requireName(name);
        return switch (name) {
            case CIFAR10 -> Cifar10.SET.load(directory, progress);
            case CIFAR100 -> Cifar100.FINE.load(directory, progress);
            case CIFAR100_COARSE -> Cifar100.COARSE.load(directory, progress);
            case SHAPES -> Shapes.generate(SHAPES_SEED);
            default -> new Folder(directory, ImageSet.SIZE, OptionalDouble.empty(), false).load(Folder.Listener.NONE);
        };
    }

    /** The same, without the training images where that saves time: then the set has none. */
    public static Dataset loadTest(String name, Path directory, Download.Progress progress) {
        return switch (name) {
            case CIFAR10 -> Cifar10.SET.loadTest(directory, progress);
            case CIFAR100 -> Cifar100.FINE.loadTest(directory, progress);
            case CIFAR100_COARSE -> Cifar100.COARSE.loadTest(directory, progress);
            default -> load(name, directory, progress);
        };
    }

    /** The same, without reporting the progress of a download. */
    public static Dataset load(String name, Path directory) {
        return load(name, directory, (done, total) -> {});
    }
}
