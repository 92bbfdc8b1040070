package dev.residual.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** CIFAR-100 with 100 records a file, a random image of each fine class, in the exact format of both versions. */
final class TinyCifar100 {
    static final int RECORDS = 100;
    static final int RECORD = 2 + ImageSet.BYTES;

    private TinyCifar100() {}

    /** A record's first byte is its coarse label, the second its fine one. */
    static byte[] batch(long seed) {
        byte[] batch = new byte[RECORDS * RECORD];
        new Random(seed).nextBytes(batch);
        for (int record = 0; record < RECORDS; record++) {
            int fine = (int) ((record + seed) % 100);
            batch[record * RECORD] = (byte) (fine / 5);
            batch[record * RECORD + 1] = (byte) fine;
        }
        return batch;
    }

    static Map<String, byte[]> files() {
        return Map.of(
                "train.bin", batch(1),
                "test.bin", batch(2),
                "fine_label_names.txt", lines(Cifar100.CLASSES),
                "coarse_label_names.txt", lines(Cifar100.COARSE_CLASSES));
    }

    private static byte[] lines(List<String> names) {
        return (String.join("\n", names) + "\n\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    static Map<String, byte[]> pythonFiles() {
        return Map.of("train", python(batch(1)), "test", python(batch(2)), "meta", meta());
    }

    private static byte[] python(byte[] batch) {
        List<Integer> coarse = new ArrayList<>();
        List<Integer> fine = new ArrayList<>();
        byte[] planes = new byte[RECORDS * ImageSet.BYTES];
        for (int record = 0; record < RECORDS; record++) {
            coarse.add((int) batch[record * RECORD]);
            fine.add((int) batch[record * RECORD + 1]);
            System.arraycopy(batch, record * RECORD + 2, planes, record * ImageSet.BYTES, ImageSet.BYTES);
        }
        return new Python2Pickle()
                .put("filenames", Collections.nCopies(RECORDS, "bos_taurus_s_000507.png"))
                .put("batch_label", "training batch 1 of 1")
                .put("fine_labels", fine)
                .put("coarse_labels", coarse)
                .put("data", RECORDS, ImageSet.BYTES, planes)
                .bytes();
    }

    /** Byte for byte the official file. */
    static byte[] meta() {
        return new Python2Pickle()
                .put("fine_label_names", Cifar100.CLASSES)
                .put("coarse_label_names", Cifar100.COARSE_CLASSES)
                .bytes();
    }
}
