package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever is wrong with one file is said of that file. */
class Cifar10DamageTest {
    private static Path folder;

    @BeforeContainer
    static void create() throws IOException {
        folder = Files.createTempDirectory("cifar");
    }

    @AfterContainer
    static void delete() throws IOException {
        for (String name : TinyCifar.names(folder)) {
            Files.delete(folder.resolve(name));
        }
        Files.delete(folder);
    }

    @Property(tries = 60)
    void truncation(@ForAll @IntRange(max = 5) int file, @ForAll @IntRange(max = TinyCifar.BYTES - 1) int length)
            throws IOException {
        assertRefused(
                file,
                Arrays.copyOf(TinyCifar.batch(9), length),
                "is truncated: it ends in record " + length / 3073 + " (from 0) of 12, after " + length
                        + " of 36876 bytes");
    }

    @Property(tries = 30)
    void extension(@ForAll @IntRange(max = 5) int file, @ForAll @IntRange(min = 1, max = 100_000) int more)
            throws IOException {
        int length = TinyCifar.BYTES + more;
        assertRefused(
                file,
                Arrays.copyOf(TinyCifar.batch(9), length),
                "is too long: it has " + length + " bytes, expected 36876");
    }

    @Property(tries = 60)
    void label(
            @ForAll @IntRange(max = 5) int file,
            @ForAll @IntRange(max = TinyCifar.RECORDS - 1) int record,
            @ForAll @IntRange(min = 10, max = 255) int label)
            throws IOException {
        byte[] batch = TinyCifar.batch(9);
        batch[record * 3073] = (byte) label;
        assertRefused(
                file,
                batch,
                "has the label " + label + " in record " + record + " (from 0, at byte " + record * 3073
                        + "): expected 0-9");
    }

    @Property(tries = 30)
    void randomBytes(@ForAll @IntRange(max = 5) int file, @ForAll long seed) throws IOException {
        byte[] batch = new byte[TinyCifar.BYTES];
        new Random(seed).nextBytes(batch);
        assertRefused(file, batch, "has the label ");
    }

    private static void assertRefused(int file, byte[] content, String message) throws IOException {
        Path path = TinyCifar.write(folder).resolve(file < 5 ? Cifar10.TRAIN.get(file) + ".bin" : "test_batch.bin");
        Files.write(path, content);
        assertThatThrownBy(() -> Cifar10.set(Cifar10.SOURCE, TinyCifar.RECORDS).load(folder, (done, total) -> {}))
                .isInstanceOf(ResidualException.class)
                .hasMessageStartingWith(path + " " + message);
    }
}
