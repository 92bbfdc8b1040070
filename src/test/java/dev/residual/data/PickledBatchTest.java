package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.Digests;
import dev.residual.ResidualException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Python version of CIFAR-10. */
class PickledBatchTest {
    private static final Download.Source NOWHERE =
            new Download.Source(URI.create("http://127.0.0.1:1/cifar-10-binary.tar.gz"), 1000, "");

    @TempDir
    Path dir;

    private static Dataset load(Path path) {
        return Cifar10.set(NOWHERE, TinyCifar.RECORDS).load(path, (done, total) -> {});
    }

    /** By the MD5 that the official file has: how Python 2 wrote, to the byte. */
    @Test
    void theFilesOfTheseTestsAreWrittenAsTheOfficialOnes() {
        assertThat(TinyCifar.hex(Digests.md5(), TinyCifar.meta())).isEqualTo("5ff9c542aee3614f3951f8cda6e48888");
    }

    @Test
    void theSameImagesAsInTheBinaryVersion() {
        Dataset binary = load(TinyCifar.write(dir.resolve("binary")));
        Dataset python = load(TinyCifar.writePython(dir.resolve("python")));
        assertThat(python.train().pixels()).isEqualTo(binary.train().pixels());
        assertThat(python.train().labels()).isEqualTo(binary.train().labels());
        assertThat(python.test().pixels()).isEqualTo(binary.test().pixels());
        assertThat(python.test().labels()).isEqualTo(binary.test().labels());
        assertThat(python.sha256()).isEqualTo(binary.sha256());
        assertThat(python.classes()).isEqualTo(binary.classes());
    }

    /** Written by numpy: texts or bytes as keys, and bytes as such or encoded for Python 2. */
    @ParameterizedTest
    @ValueSource(strings = {"protocol2.batch", "protocol4.batch"})
    void whatPython3MakesOfIt(String name) throws IOException {
        Path file = dir.resolve("batch");
        try (InputStream in = getClass().getResourceAsStream(name)) {
            Files.copy(in, file);
        }
        ImageSet images = new ImageSet(new byte[10 * ImageSet.BYTES], new short[10]);
        PickledBatch.read(new Records(file, 10, Cifar10.set(NOWHERE, 10), images, 0));
        for (int r = 0; r < 10; r++) {
            assertThat(images.label(r)).isEqualTo(7 * r % 10);
            for (int i = 0; i < ImageSet.BYTES; i++) {
                assertThat(images.at(r, i % 1024 / 32, i % 32, i / 1024)).isEqualTo((r * 31 + i * i) & 0xff);
            }
        }
    }

    /** One change to the pickle, and the sentence that says it. */
    @ParameterizedTest
    @CsvSource({
        "data, date, has no array of 12×3072 bytes under 'data'",
        "U\2u1, U\2i1, has no array of 12×3072 bytes",
        "labels, labers, has no list of 12 numbers under 'labels'",
        "multiarray, multiarrow, has no array of 12×3072 bytes",
        "ndarray, ndarrow, has no array of 12×3072 bytes",
    })
    void whatIsNoBatchIsNamed(String from, String to, String sentence) throws IOException {
        Path folder = TinyCifar.writePython(dir);
        Path file = folder.resolve("data_batch_3");
        String text = new String(TinyCifar.python(TinyCifar.batch(3)), StandardCharsets.ISO_8859_1);
        Files.write(file, text.replaceFirst(from, to).getBytes(StandardCharsets.ISO_8859_1));
        assertRefused(file + " ", sentence);
    }

    @Test
    void labelsSizesAndNamesAreChecked() throws IOException {
        byte[] batch = TinyCifar.batch(3);
        batch[5 * 3073] = 10;
        Path file = TinyCifar.writePython(dir).resolve("data_batch_3");
        Files.write(file, TinyCifar.python(batch));
        assertRefused(file + " has the label 10 in record 5 (from 0): expected 0-9");
        Files.write(file, new byte[12 * 3072 - 1]);
        assertRefused(file + " has 36863 bytes: expected a batch file of CIFAR-10's Python version, 36864 to 73728");
        Files.write(file, new byte[2 * 12 * 3072 + 1]);
        assertRefused(file + " has 73729 bytes");
        Files.write(file, new byte[12 * 3072]);
        assertRefused(file + ": its pickle has the operation 0x0 at byte 0");
        Files.delete(file);
        assertRefused(file + " is missing: expected");
        Files.write(file, TinyCifar.python(TinyCifar.batch(4)));
        assertRefused(dir.resolve("data_batch_4") + " is a copy of data_batch_3");
        Path meta = dir.resolve("batches.meta");
        Map<String, String> names = new TreeMap<>();
        names.put(new String(TinyCifar.meta(), StandardCharsets.ISO_8859_1).replace("frog", "toad"), " does not name");
        names.put("x".repeat(20_000), " has more than the 16384 bytes");
        names.put("\u0080\u0002N.", " holds no dictionary");
        for (Map.Entry<String, String> name : names.entrySet()) {
            Files.write(meta, name.getKey().getBytes(StandardCharsets.ISO_8859_1));
            assertRefused(meta + name.getValue());
        }
    }

    /** A pickle that would run something in Python is not run, and is no batch. */
    @Test
    void nothingIsRun() throws IOException {
        Path file = TinyCifar.writePython(dir).resolve("test_batch");
        byte[] padding = new byte[12 * 3072];
        String hostile =
                "\u0080\u0002cos\nsystem\nU\u0004echo\u0085R." + new String(padding, StandardCharsets.ISO_8859_1);
        Files.write(file, hostile.getBytes(StandardCharsets.ISO_8859_1));
        assertRefused(file + " holds no dictionary");
    }

    private void assertRefused(String... sentences) {
        assertThatThrownBy(() -> load(dir))
                .isInstanceOf(ResidualException.class)
                .hasMessageContainingAll(sentences);
    }
}
