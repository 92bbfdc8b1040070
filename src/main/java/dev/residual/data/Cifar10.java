package dev.residual.data;

import dev.residual.data.Cifar.Label;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** CIFAR-10: 50,000 images of 32×32 pixels for training and 10,000 for testing, in ten classes. */
public final class Cifar10 {
    public static final List<String> CLASSES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    /** The archive as its author publishes it; the MD5 is from the page that offers it. */
    public static final Download.Source SOURCE = new Download.Source(
            URI.create("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"),
            170_052_171,
            "c32a1d4ab5d03f1284b67883e8d87530");

    static final List<String> TRAIN =
            List.of("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5");
    static final String TEST = "test_batch";

    static final Cifar SET = set(SOURCE, 10_000);

    private Cifar10() {}

    /** With another source and another number of records in every batch file. */
    static Cifar set(Download.Source source, int records) {
        Map<String, Integer> train = new LinkedHashMap<>();
        TRAIN.forEach(batch -> train.put(batch, records));
        return new Cifar(
                Datasets.CIFAR10,
                "CIFAR-10",
                Pattern.compile("(?i)cifar-?10(?!0).*"),
                List.of(new Label("label", CLASSES, "batches.meta.txt", "labels", "label_names")),
                0,
                train,
                Map.of(TEST, records),
                "batches.meta",
                1,
                "cifar-10-batches-bin",
                "cifar-10-batches-py",
                source);
    }
}
