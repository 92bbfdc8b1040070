package dev.residual.data;

import dev.residual.ResidualException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * CIFAR-10 (Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009): 50,000 images of 32×32 pixels for
 * training and 10,000 for testing, in ten classes, from the six files of its binary version.
 */
public final class Cifar10 {
    public static final List<String> CLASSES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    /** The archive as its author publishes it; the MD5 is from the page that offers it. */
    public static final Download.Source SOURCE = new Download.Source(
            URI.create("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"),
            170_052_171,
            "c32a1d4ab5d03f1284b67883e8d87530");

    static final String FOLDER = "cifar-10-batches-bin";
    static final String ARCHIVE = "cifar-10-binary.tar.gz";
    static final List<String> TRAIN =
            List.of("data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin");
    static final List<String> TEST = List.of("test_batch.bin");

    private static final List<String> FILES =
            Stream.concat(TRAIN.stream(), TEST.stream()).toList();
    private static final int RECORDS = 10_000;

    private static final String CLASS_NAMES = "batches.meta.txt";
    private static final int MAX_CLASS_NAMES = 1024;

    private Cifar10() {}

    /**
     * Loads CIFAR-10 from {@code dir}: from its folder {@code cifar-10-batches-bin}, from the batch files themselves, or
     * from {@code cifar-10-binary.tar.gz}, which is unpacked once and is downloaded first if it is not there either.
     *
     * <p>Images keep the order of the files. A download is checked by its MD5, local files by their structure.
     *
     * @throws ResidualException when the data is not there and cannot be had, or is not CIFAR-10
     */
    public static Dataset load(Path dir, Download.Progress progress) {
        return load(dir, progress, SOURCE, RECORDS);
    }

    /** With another source and another number of records in every batch file. */
    static Dataset load(Path dir, Download.Progress progress, Download.Source source, int records) {
        Path folder = find(dir, progress, source, records);
        checkClassNames(folder.resolve(CLASS_NAMES));
        FILES.forEach(name -> BatchFile.check(folder.resolve(name), records));
        Map<String, String> sha256 = new LinkedHashMap<>();
        ImageSet train = read(folder, TRAIN, records, sha256);
        ImageSet test = read(folder, TEST, records, sha256);
        refuseCopies(folder, sha256);
        return new Dataset("cifar10", CLASSES, train, test, sha256);
    }

    /** Whether some form of it is there, whole or not. */
    static boolean isIn(Path dir) {
        return Files.exists(dir.resolve(FOLDER))
                || Files.exists(dir.resolve(ARCHIVE))
                || FILES.stream().anyMatch(name -> Files.exists(dir.resolve(name)));
    }

    /** The folder that has the batch files, unpacked and downloaded where needed. */
    private static Path find(Path dir, Download.Progress progress, Download.Source source, int records) {
        checkFolder(dir);
        Path folder = dir.resolve(FOLDER);
        if (Files.exists(folder)) {
            checkFolder(folder);
            return folder;
        }
        if (FILES.stream().anyMatch(name -> Files.exists(dir.resolve(name)))) {
            return dir;
        }
        Path archive = dir.resolve(ARCHIVE);
        if (Files.notExists(archive)) {
            refuse(
                    dir,
                    "the Python version of CIFAR-10",
                    "cifar-10-batches-py",
                    "cifar-10-python.tar.gz",
                    "data_batch_1");
            refuse(dir, "CIFAR-100", "cifar-100-binary", "cifar-100-binary.tar.gz", "cifar-100-python", "train.bin");
            download(dir, progress, source);
        }
        int bytes = records * BatchFile.RECORD;
        Archive.unpack(archive, folder, FILES.stream().collect(Collectors.toMap(name -> name, name -> bytes)));
        return folder;
    }

    private static void checkFolder(Path dir) {
        if (Files.exists(dir) && !Files.isDirectory(dir)) {
            throw new ResidualException(dir + " is a file: expected a folder that has CIFAR-10 or is to have it");
        }
        // A folder is entered by the right to execute it.
        if (Files.exists(dir) && !(Files.isReadable(dir) && Files.isExecutable(dir))) {
            throw new ResidualException("cannot read " + dir + ": access denied");
        }
    }

    private static void refuse(Path dir, String what, String... names) {
        for (String name : names) {
            if (Files.exists(dir.resolve(name))) {
                throw new ResidualException(dir.resolve(name) + " is of " + what
                        + ": expected the binary version of CIFAR-10; put " + ARCHIVE + " beside it, or name another"
                        + " folder to have it downloaded there");
            }
        }
    }

    private static void download(Path dir, Download.Progress progress, Download.Source source) {
        try {
            Download.fetch(source, dir.resolve(ARCHIVE), progress, Download.PATIENCE);
        } catch (Download.Unreachable e) {
            throw new ResidualException(
                    "CIFAR-10 is not in " + dir + " and cannot be had from " + source.address() + " (" + e.getMessage()
                            + "): try again, or download " + ARCHIVE + " on another machine and put it into " + dir
                            + ", or train with --dataset shapes",
                    e);
        }
    }

    /** The file that names the classes is not needed, but when it is there it must not contradict. */
    private static void checkClassNames(Path file) {
        if (!Files.isRegularFile(file)) {
            return;
        }
        try (InputStream in = Files.newInputStream(file)) {
            List<String> names = new String(in.readNBytes(MAX_CLASS_NAMES), StandardCharsets.US_ASCII)
                    .lines()
                    .map(String::strip)
                    .filter(name -> !name.isEmpty())
                    .toList();
            if (!names.equals(CLASSES)) {
                throw new ResidualException(file + " does not name the classes of CIFAR-10: expected one a line, "
                        + String.join(", ", CLASSES));
            }
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    private static ImageSet read(Path folder, List<String> names, int records, Map<String, String> sha256) {
        int n = names.size() * records;
        ImageSet images = new ImageSet(new byte[n * ImageSet.BYTES], new byte[n]);
        int first = 0;
        for (String name : names) {
            sha256.put(name, BatchFile.read(folder.resolve(name), records, CLASSES, images, first));
            first += records;
        }
        return images;
    }

    /** A copied file would train on some images twice, or, worse, test on images that were trained on. */
    private static void refuseCopies(Path folder, Map<String, String> sha256) {
        Map<String, String> names = new HashMap<>();
        sha256.forEach((name, hash) -> {
            String other = names.putIfAbsent(hash, name);
            if (other != null) {
                throw new ResidualException(
                        folder.resolve(name) + " is a copy of " + other + ": expected six different files");
            }
        });
    }
}
