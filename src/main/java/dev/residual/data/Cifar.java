package dev.residual.data;

import dev.residual.ResidualException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A CIFAR data set (Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009) as its author publishes it,
 * in two versions of the same images: binary records, and Python's pickles.
 *
 * @param name as on the command line
 * @param title as people write it
 * @param looks the names that its files and folders are known by
 * @param labels what each image has, in the order of the binary records
 * @param used which of the labels is the class
 * @param train the files of training images, without the binary version's {@code .bin}, and their records
 * @param test the same for testing
 * @param metaFile of the Python version, with the names of the classes
 * @param telling so many of its files tell a folder of it; {@code train} and {@code test} are common names
 * @param binaryFolder what the binary version's archive unpacks to
 * @param pythonFolder the same of the Python version's
 * @param source of the binary version
 */
record Cifar(
        String name,
        String title,
        Pattern looks,
        List<Label> labels,
        int used,
        Map<String, Integer> train,
        Map<String, Integer> test,
        String metaFile,
        int telling,
        String binaryFolder,
        String pythonFolder,
        Download.Source source) {
    private static final int MAX_CLASS_NAMES = 1 << 14;

    /** The two ways in which it is published. */
    enum Version {
        BINARY("binary"),
        PYTHON("Python");

        private final String words;

        Version(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }

        String file(String batch) {
            return this == BINARY ? batch + ".bin" : batch;
        }
    }

    /**
     * One of the labels of an image.
     *
     * @param word what an error calls it
     * @param classes names by number
     * @param namesFile of the binary version, a name a line
     * @param batchKey in a pickled batch
     * @param metaKey in the Python version's file of names
     */
    record Label(String word, List<String> classes, String namesFile, String batchKey, String metaKey) {}

    /** A folder that has its files. */
    record Folder(Path path, Version version) {}

    String folder(Version version) {
        return version == Version.BINARY ? binaryFolder : pythonFolder;
    }

    /** The archive's name, as it is downloaded. */
    String archive() {
        return Path.of(source.address().getPath()).getFileName().toString();
    }

    /** Records by file of that version. */
    Map<String, Integer> files(Version version) {
        Map<String, Integer> files = new LinkedHashMap<>();
        Stream.of(train, test)
                .forEach(part -> part.forEach((batch, records) -> files.put(version.file(batch), records)));
        return files;
    }

    /** Of all its files, those that name the classes too. */
    List<String> names(Version version) {
        Stream<String> classes =
                version == Version.BINARY ? labels.stream().map(Label::namesFile) : Stream.of(metaFile);
        return Stream.concat(files(version).keySet().stream(), classes).toList();
    }

    /** Of a file with so many records: exactly, in the binary version, and in the other at most. */
    int bytes(Version version, int records) {
        return version == Version.BINARY ? records * BatchFile.record(this) : PickledBatch.maxBytes(records);
    }

    List<String> classes() {
        return labels.get(used).classes();
    }

    /**
     * Loads it from where it lies in or around {@code path}, from an archive that is unpacked once, or downloads that first.
     *
     * @throws ResidualException when it is not there and cannot be had, or is damaged or something else
     */
    Dataset load(Path path, Download.Progress progress) {
        return load(path, progress, train);
    }

    /** The same without training images, which are five sixths of it. */
    Dataset loadTest(Path path, Download.Progress progress) {
        return load(path, progress, Map.of());
    }

    private Dataset load(Path path, Download.Progress progress, Map<String, Integer> training) {
        Folder folder = new CifarFinder(this).find(path).orElseGet(() -> {
            download(path, progress);
            return new CifarFinder(this).find(path).orElseThrow();
        });
        checkClassNames(folder);
        files(folder.version())
                .forEach((file, records) -> check(folder.path().resolve(file), records, folder.version()));
        refuseCopies(folder);
        Map<String, String> sha256 = new LinkedHashMap<>();
        ImageSet trainSet = read(folder, training, sha256);
        ImageSet testSet = read(folder, test, sha256);
        return new Dataset(
                name,
                classes(),
                trainSet,
                testSet,
                sha256,
                OptionalDouble.empty(),
                title + "'s " + folder.version() + " version in " + folder.path());
    }

    private void download(Path path, Download.Progress progress) {
        try {
            Download.fetch(source, path.resolve(archive()), progress, Download.PATIENCE);
        } catch (Download.Unreachable e) {
            throw new ResidualException(
                    title + " is not in " + path + " and cannot be had from " + source.address() + " (" + e.getMessage()
                            + "): try again, or download " + archive() + " on another machine and put it into " + path
                            + ", or train with --dataset shapes",
                    e);
        }
    }

    private void check(Path file, int records, Version version) {
        if (version == Version.BINARY) {
            BatchFile.check(file, records, this);
        } else {
            PickledBatch.check(file, records, this);
        }
    }

    private ImageSet read(Folder folder, Map<String, Integer> batches, Map<String, String> sha256) {
        int n = batches.values().stream().mapToInt(records -> records).sum();
        ImageSet images = new ImageSet(new byte[n * ImageSet.BYTES], new short[n]);
        int first = 0;
        for (Map.Entry<String, Integer> batch : batches.entrySet()) {
            Path file = folder.path().resolve(folder.version().file(batch.getKey()));
            Records records = new Records(file, batch.getValue(), this, images, first);
            if (folder.version() == Version.BINARY) {
                BatchFile.read(records);
            } else {
                PickledBatch.read(records);
            }
            sha256.put(Version.BINARY.file(batch.getKey()), records.sha256());
            first += batch.getValue();
        }
        return images;
    }

    /** The files that name the classes are not needed, but when they are there they must not contradict. */
    private void checkClassNames(Folder folder) {
        if (folder.version() == Version.PYTHON) {
            Path file = folder.path().resolve(metaFile);
            if (Files.isRegularFile(file)) {
                Map<?, ?> meta = PickledBatch.meta(file, MAX_CLASS_NAMES);
                labels.forEach(label -> requireNames(label, meta.get(label.metaKey()), file));
            }
            return;
        }
        for (Label label : labels) {
            Path file = folder.path().resolve(label.namesFile());
            if (Files.isRegularFile(file)) {
                requireNames(label, lines(file), file);
            }
        }
    }

    private static List<String> lines(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(MAX_CLASS_NAMES), StandardCharsets.US_ASCII)
                    .lines()
                    .map(String::strip)
                    .filter(name -> !name.isEmpty())
                    .toList();
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    private void requireNames(Label label, Object names, Path file) {
        if (!label.classes().equals(names)) {
            throw new ResidualException(file + " does not name the classes of " + title + ": expected, in this order, "
                    + String.join(", ", label.classes()));
        }
    }

    /** A copied file would train on some images twice, or, worse, test on images that were trained on. */
    private void refuseCopies(Folder folder) {
        List<String> files = List.copyOf(files(folder.version()).keySet());
        for (int i = 0; i < files.size(); i++) {
            for (int j = 0; j < i; j++) {
                Path file = folder.path().resolve(files.get(i));
                try {
                    ResidualException.require(
                            Files.mismatch(file, folder.path().resolve(files.get(j))) >= 0,
                            file + " is a copy of " + files.get(j) + ": expected different files");
                } catch (IOException e) {
                    throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
                }
            }
        }
    }
}
