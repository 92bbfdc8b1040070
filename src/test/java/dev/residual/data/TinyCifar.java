package dev.residual.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** CIFAR-10 with 12 records a file: random images in which every class occurs. */
final class TinyCifar {
    static final int RECORDS = 12;
    static final int RECORD = 3073;
    static final int BYTES = RECORDS * RECORD;

    private TinyCifar() {}

    static byte[] batch(long seed) {
        byte[] batch = new byte[BYTES];
        new Random(seed).nextBytes(batch);
        for (int record = 0; record < RECORDS; record++) {
            batch[record * RECORD] = (byte) ((record + seed) % 10);
        }
        return batch;
    }

    /** The six batch files by name. */
    static Map<String, byte[]> files() {
        Map<String, byte[]> files = new TreeMap<>();
        for (String name : Cifar10.TRAIN) {
            files.put(name + ".bin", batch(files.size() + 1));
        }
        files.put(Cifar10.TEST + ".bin", batch(0));
        return files;
    }

    /** The same images in the files of the Python version, by name. */
    static Map<String, byte[]> pythonFiles() {
        Map<String, byte[]> files = new TreeMap<>();
        files().forEach((name, batch) -> files.put(name.replace(".bin", ""), python(batch)));
        files.put("batches.meta", meta());
        return files;
    }

    /** A batch of the binary version as a pickle of the Python version. */
    static byte[] python(byte[] batch) {
        List<Integer> labels = new ArrayList<>();
        byte[] planes = new byte[RECORDS * ImageSet.BYTES];
        for (int record = 0; record < RECORDS; record++) {
            labels.add((int) batch[record * RECORD]);
            System.arraycopy(batch, record * RECORD + 1, planes, record * ImageSet.BYTES, ImageSet.BYTES);
        }
        return new Python2Pickle()
                .put("batch_label", "training batch 1 of 5")
                .put("labels", labels)
                .put("data", RECORDS, ImageSet.BYTES, planes)
                .put("filenames", Collections.nCopies(RECORDS, "a_s_000001.png"))
                .bytes();
    }

    /** Byte for byte the official file. */
    static byte[] meta() {
        return new Python2Pickle()
                .put("num_cases_per_batch", 10_000)
                .put("label_names", Cifar10.CLASSES)
                .put("num_vis", 3072)
                .bytes();
    }

    static Path write(Path folder) {
        return write(folder, files());
    }

    static Path writePython(Path folder) {
        return write(folder, pythonFiles());
    }

    static Path write(Path folder, Map<String, byte[]> files) {
        try {
            Files.createDirectories(folder);
            for (var file : files.entrySet()) {
                Files.write(folder.resolve(file.getKey()), file.getValue());
            }
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static TarArchiveEntry entry(String name, int size) {
        // The second argument keeps a leading slash, for archives with bad intentions.
        TarArchiveEntry entry = new TarArchiveEntry(name, true);
        entry.setSize(size);
        return entry;
    }

    static byte[] tar(Map<String, byte[]> entries) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            for (var e : entries.entrySet()) {
                tar.putArchiveEntry(entry(e.getKey(), e.getValue().length));
                tar.write(e.getValue());
                tar.closeArchiveEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Bytes 148-155 of a header are the sum of all its bytes, in octal, with these eight taken as spaces. */
    static void fixChecksum(byte[] tar) {
        Arrays.fill(tar, 148, 156, (byte) ' ');
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += tar[i] & 0xff;
        }
        byte[] octal = "%06o\0 ".formatted(sum).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(octal, 0, tar, 148, 8);
    }

    static byte[] gzip(byte[] content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** The six batch files as in the official archive, with a file that is not needed before them. */
    static Map<String, byte[]> entries() {
        Map<String, byte[]> entries = new TreeMap<>();
        entries.put("cifar-10-batches-bin/", new byte[0]);
        entries.put("cifar-10-batches-bin/batches.meta.txt", new byte[] {'x'});
        files().forEach((name, bytes) -> entries.put("cifar-10-batches-bin/" + name, bytes));
        return entries;
    }

    static byte[] archive() {
        return gzip(tar(entries()));
    }

    static byte[] pythonArchive() {
        Map<String, byte[]> entries = new TreeMap<>();
        pythonFiles().forEach((name, bytes) -> entries.put("cifar-10-batches-py/" + name, bytes));
        return gzip(tar(entries));
    }

    static String hex(MessageDigest digest, byte[] bytes) {
        return HexFormat.of().formatHex(digest.digest(bytes));
    }

    static List<String> names(Path folder) throws IOException {
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
