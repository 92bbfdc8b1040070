package dev.residual.data;

import dev.residual.Digests;
import dev.residual.ResidualException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The records of one batch of a CIFAR data set on their way into an {@link ImageSet}, from whichever version they are
 * read. Their SHA-256 is that of the binary version's file, so the same images have the same sum.
 */
final class Records {
    private static final int PLANE = ImageSet.SIZE * ImageSet.SIZE;

    final Path file;
    final int count;
    final Cifar set;

    private final ImageSet images;
    private final int first;
    private final boolean[][] seen;
    private final MessageDigest digest = Digests.sha256();
    private int done;

    /** @param first the number in {@code images} of the first record */
    Records(Path file, int count, Cifar set, ImageSet images, int first) {
        this.file = file;
        this.count = count;
        this.set = set;
        this.images = images;
        this.first = first;
        seen = set.labels().stream()
                .map(label -> new boolean[label.classes().size()])
                .toArray(boolean[][]::new);
    }

    /**
     * The next record.
     *
     * @param planes has three planes of 32×32 bytes, red, green and blue, row by row
     * @param place of the record in the file, for an error
     * @throws ResidualException when a label is not a number of its classes
     */
    void add(long[] labels, byte[] planes, int from, String place) {
        for (int kind = 0; kind < labels.length; kind++) {
            long label = labels[kind];
            if (label < 0 || label >= seen[kind].length) {
                throw new ResidualException(file + " has the " + word(kind) + " " + label + " in record " + done
                        + " (from 0" + place + "): expected 0-" + (seen[kind].length - 1));
            }
            seen[kind][(int) label] = true;
            digest.update((byte) label);
        }
        digest.update(planes, from, ImageSet.BYTES);
        images.labels()[first + done] = (short) labels[set.used()];
        int to = (first + done) * ImageSet.BYTES;
        for (int i = 0; i < PLANE; i++) {
            images.pixels()[to + 3 * i] = planes[from + i];
            images.pixels()[to + 3 * i + 1] = planes[from + PLANE + i];
            images.pixels()[to + 3 * i + 2] = planes[from + 2 * PLANE + i];
        }
        done++;
    }

    /**
     * Of all records, in hex.
     *
     * @throws ResidualException when one of the classes does not occur: no official file lacks one, and a file of one
     *     class only is mislabelled or sorted
     */
    String sha256() {
        for (int kind = 0; kind < seen.length; kind++) {
            for (int label = 0; label < seen[kind].length; label++) {
                if (!seen[kind][label]) {
                    throw new ResidualException(file + " has no image with the " + word(kind) + " " + label + " ("
                            + set.labels().get(kind).classes().get(label) + ") in its " + count
                            + " records: expected every class");
                }
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private String word(int kind) {
        return set.labels().get(kind).word();
    }
}
