package dev.residual.data;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A data set as it was loaded: what to train on, what to test on, and where it came from.
 *
 * @param name as on the command line: {@code cifar10}, {@code folder}
 * @param classes the names of the classes, in the order of their numbers
 * @param sha256 for each file that was read its SHA-256 in hex, by file name; the same images have the same sums, in
 *     whatever form they are read; for a generated set one entry over its bytes
 * @param testFraction of each class that was held out to test on; empty where the set has test images of its own
 * @param source what was read and where, for people; empty for a generated set
 */
public record Dataset(
        String name,
        List<String> classes,
        ImageSet train,
        ImageSet test,
        Map<String, String> sha256,
        OptionalDouble testFraction,
        String source) {
    /** A generated set. */
    public Dataset(String name, List<String> classes, ImageSet train, ImageSet test, Map<String, String> sha256) {
        this(name, classes, train, test, sha256, OptionalDouble.empty(), "");
    }

    public Dataset {
        classes = List.copyOf(classes);
        sha256 = Map.copyOf(sha256);
    }
}
