package dev.residual.data;

import dev.residual.Digests;
import dev.residual.ResidualException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/**
 * A batch file of the binary version of CIFAR-10: records of 3,073 bytes, each one label (0-9) and then the image as
 * three planes of 32×32 bytes, red, green and blue, row by row. There is no header and no checksum, so the structure is
 * all that can be checked.
 */
final class BatchFile {
    /** Bytes of one record. */
    static final int RECORD = 1 + ImageSet.BYTES;

    private static final int PLANE = ImageSet.SIZE * ImageSet.SIZE;
    private static final int RECORDS_AT_ONCE = 64;

    private BatchFile() {}

    /**
     * Refuses what cannot be a batch file, before any memory is set aside for it.
     *
     * @throws ResidualException when it is missing, no regular file, or not of exactly {@code records} records
     */
    static void check(Path file, int records) {
        long expected = (long) records * RECORD;
        if (Files.notExists(file)) {
            throw new ResidualException(
                    file + " is missing: expected a batch file of CIFAR-10's binary version, " + expected + " bytes");
        }
        if (!Files.isRegularFile(file)) {
            throw new ResidualException(file + " is not a regular file: expected one of " + expected + " bytes");
        }
        long size;
        try {
            size = Files.size(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        if (size < expected) {
            throw truncated(file, size, records);
        }
        if (size > expected) {
            throw new ResidualException(file + " is too long: it has " + size + " bytes, expected " + expected + " ("
                    + records + " records of " + RECORD + ")");
        }
    }

    /**
     * Reads {@code records} records into {@code images}, from image number {@code first} on.
     *
     * @return the SHA-256 of the file in hex
     * @throws ResidualException when the file cannot be read, is too short, has a label that is not a number of
     *     {@code classes}, or lacks one of the classes altogether: no official file does, and a file of one class only
     *     is mislabelled or sorted
     */
    static String read(Path file, int records, List<String> classes, ImageSet images, int first) {
        MessageDigest digest = Digests.sha256();
        boolean[] seen = new boolean[classes.size()];
        byte[] buffer = new byte[RECORDS_AT_ONCE * RECORD];
        try (InputStream in = Files.newInputStream(file)) {
            for (int record = 0; record < records; ) {
                int wanted = Math.min(RECORDS_AT_ONCE, records - record);
                int got = in.readNBytes(buffer, 0, wanted * RECORD);
                if (got < wanted * RECORD) {
                    throw truncated(file, (long) record * RECORD + got, records);
                }
                digest.update(buffer, 0, got);
                for (int i = 0; i < wanted; i++, record++) {
                    int label = buffer[i * RECORD] & 0xff;
                    if (label >= classes.size()) {
                        throw new ResidualException(file + " has the label " + label + " in record " + record
                                + " (from 0, at byte " + (long) record * RECORD + "): expected 0-"
                                + (classes.size() - 1));
                    }
                    seen[label] = true;
                    images.labels()[first + record] = (byte) label;
                    interleave(buffer, i * RECORD + 1, images.pixels(), (first + record) * ImageSet.BYTES);
                }
            }
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        for (int label = 0; label < seen.length; label++) {
            if (!seen[label]) {
                throw new ResidualException(file + " has no image with the label " + label + " (" + classes.get(label)
                        + ") in its " + records + " records: expected every class");
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void interleave(byte[] planes, int from, byte[] pixels, int to) {
        for (int i = 0; i < PLANE; i++) {
            pixels[to + 3 * i] = planes[from + i];
            pixels[to + 3 * i + 1] = planes[from + PLANE + i];
            pixels[to + 3 * i + 2] = planes[from + 2 * PLANE + i];
        }
    }

    private static ResidualException truncated(Path file, long got, int records) {
        return new ResidualException(file + " is truncated: it ends in record " + got / RECORD + " (from 0) of "
                + records + ", after " + got + " of " + (long) records * RECORD + " bytes");
    }

    private static ResidualException unreadable(Path file, IOException e) {
        return new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
    }
}
