package dev.residual.data;

import dev.residual.ResidualException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A batch file of the binary version of a CIFAR data set: records of a byte for each label (CIFAR-10 has one, CIFAR-100 a
 * coarse and a fine one) and then the image as three planes of 32×32 bytes, red, green and blue, row by row. There is no
 * header and no checksum, so the structure is all that can be checked.
 */
final class BatchFile {
    private static final int RECORDS_AT_ONCE = 64;

    private BatchFile() {}

    /** Bytes of one record. */
    static int record(Cifar set) {
        return set.labels().size() + ImageSet.BYTES;
    }

    /**
     * Refuses what cannot be a batch file, before any memory is set aside for it.
     *
     * @throws ResidualException when it is missing, no regular file, or not of exactly {@code records} records
     */
    static void check(Path file, int records, Cifar set) {
        long expected = (long) records * record(set);
        if (Files.notExists(file)) {
            throw new ResidualException(file + " is missing: expected a batch file of " + set.title()
                    + "'s binary version, " + expected + " bytes");
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
            throw truncated(file, size, records, set);
        }
        if (size > expected) {
            throw new ResidualException(file + " is too long: it has " + size + " bytes, expected " + expected + " ("
                    + records + " records of " + record(set) + ")");
        }
    }

    /** @throws ResidualException when the file cannot be read, is too short, or has a label that is none */
    static void read(Records records) {
        int kinds = records.set.labels().size();
        int size = record(records.set);
        byte[] buffer = new byte[RECORDS_AT_ONCE * size];
        long[] labels = new long[kinds];
        try (InputStream in = Files.newInputStream(records.file)) {
            for (int record = 0; record < records.count; ) {
                int wanted = Math.min(RECORDS_AT_ONCE, records.count - record);
                int got = in.readNBytes(buffer, 0, wanted * size);
                if (got < wanted * size) {
                    throw truncated(records.file, (long) record * size + got, records.count, records.set);
                }
                for (int i = 0; i < wanted; i++, record++) {
                    for (int kind = 0; kind < kinds; kind++) {
                        labels[kind] = buffer[i * size + kind] & 0xff;
                    }
                    records.add(labels, buffer, i * size + kinds, ", at byte " + (long) record * size);
                }
            }
        } catch (IOException e) {
            throw unreadable(records.file, e);
        }
    }

    private static ResidualException truncated(Path file, long got, int records, Cifar set) {
        return new ResidualException(file + " is truncated: it ends in record " + got / record(set) + " (from 0) of "
                + records + ", after " + got + " of " + (long) records * record(set) + " bytes");
    }

    static ResidualException unreadable(Path file, IOException e) {
        return new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
    }
}
