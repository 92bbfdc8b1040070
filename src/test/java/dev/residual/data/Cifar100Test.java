package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.Digests;
import dev.residual.ResidualException;
import dev.residual.data.Cifar100.Labels;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class Cifar100Test {
    private static final int N = TinyCifar100.RECORDS;
    private static final Download.Source NOWHERE =
            new Download.Source(URI.create("http://127.0.0.1:1/cifar-100-binary.tar.gz"), 1000, "");

    @TempDir
    Path dir;

    private static Dataset load(Path dir, Labels labels) {
        return Cifar100.set(labels, NOWHERE, N, N).load(dir, (done, total) -> {});
    }

    private Path binary() {
        return TinyCifar.write(dir.resolve("binary/cifar-100-binary"), TinyCifar100.files());
    }

    @ParameterizedTest
    @EnumSource(Labels.class)
    void everyByteArrivesWhereItBelongs(Labels labels) {
        Dataset data = load(binary().getParent(), labels);
        boolean fine = labels == Labels.FINE;
        assertThat(data.name()).isEqualTo(fine ? "cifar100" : "cifar100-coarse");
        assertThat(data.classes()).hasSize(fine ? 100 : 20);
        assertThat(data.source()).isEqualTo("CIFAR-100's binary version in " + dir.resolve("binary/cifar-100-binary"));
        for (ImageSet images : new ImageSet[] {data.train(), data.test()}) {
            byte[] batch = TinyCifar100.batch(images == data.train() ? 1 : 2);
            assertThat(images.size()).isEqualTo(N);
            for (int record = 0; record < N; record++) {
                int at = record * 3074;
                assertThat(images.labels()[record]).isEqualTo(batch[fine ? at + 1 : at]);
                at += 2;
                for (int channel = 0; channel < 3; channel++) {
                    for (int y = 0; y < 32; y++) {
                        for (int x = 0; x < 32; x++) {
                            assertThat(images.at(record, y, x, channel)).isEqualTo(batch[at++] & 0xff);
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Labels.class)
    void thePythonVersionIsTheSame(Labels labels) throws IOException {
        Path python = TinyCifar.write(dir.resolve("python/cifar-100-python"), TinyCifar100.pythonFiles());
        Dataset one = load(binary().getParent(), labels);
        Dataset other = load(python.getParent(), labels);
        assertThat(other.source()).contains("Python version");
        assertThat(other.train().pixels()).isEqualTo(one.train().pixels());
        assertThat(other.train().labels()).isEqualTo(one.train().labels());
        assertThat(other.test().pixels()).isEqualTo(one.test().pixels());
        assertThat(other.test().labels()).isEqualTo(one.test().labels());
        assertThat(other.sha256()).isEqualTo(one.sha256());
        assertThat(one.sha256())
                .containsEntry("train.bin", TinyCifar.hex(Digests.sha256(), TinyCifar100.batch(1)))
                .containsOnlyKeys("train.bin", "test.bin");
    }

    /** By the MD5 that the official file has: the names, their order, and how Python 2 wrote them. */
    @Test
    void theClassesAreThoseOfTheOfficialFile() {
        assertThat(TinyCifar.hex(Digests.md5(), TinyCifar100.meta())).isEqualTo("7973b15100ade9c7d40fb424638fde48");
    }

    @Test
    void archivesOfBothVersions() throws IOException {
        Map<String, Map<String, byte[]>> archives =
                Map.of("cifar-100-binary", TinyCifar100.files(), "cifar-100-python", TinyCifar100.pythonFiles());
        for (String folder : archives.keySet()) {
            Map<String, byte[]> entries = new TreeMap<>();
            archives.get(folder).forEach((name, bytes) -> entries.put(folder + "/" + name, bytes));
            Path data = Files.createDirectory(dir.resolve("in-" + folder));
            Files.write(data.resolve(folder + " (2).tar.gz"), TinyCifar.gzip(TinyCifar.tar(entries)));
            assertThat(load(data, Labels.FINE).source())
                    .endsWith(data.resolve(folder).toString());
        }
    }

    /** Names as common as "test" are nobody's mark. */
    @Test
    void aFileOfACommonNameIsNotTheDataSet() throws IOException {
        Files.createFile(dir.resolve("test"));
        Files.createFile(dir.resolve("train.bin"));
        assertRefused(dir, "CIFAR-100 is not in " + dir + " and cannot be had from");
    }

    @Test
    void whatIsWrongIsNamed() throws IOException {
        Path folder = binary();
        byte[] batch = TinyCifar100.batch(1);
        batch[7 * 3074] = 20;
        Files.write(folder.resolve("train.bin"), batch);
        assertRefused(folder, "train.bin has the coarse label 20 in record 7 (from 0, at byte 21518): expected 0-19");
        batch[7 * 3074] = 0;
        batch[7 * 3074 + 1] = 9;
        Files.write(folder.resolve("train.bin"), batch);
        assertRefused(folder, "has no image with the fine label 8 (bicycle) in its 100 records");
        Files.write(folder.resolve("train.bin"), TinyCifar100.batch(1));
        Files.writeString(folder.resolve("coarse_label_names.txt"), "fish\n");
        assertRefused(folder, "coarse_label_names.txt does not name the classes of CIFAR-100");
        Files.write(folder.resolve("test.bin"), new byte[10]);
        Files.delete(folder.resolve("coarse_label_names.txt"));
        assertRefused(folder, "test.bin is truncated: it ends in record 0 (from 0) of 100, after 10 of 307400 bytes");
        assertThatThrownBy(() -> Cifar10.set(NOWHERE, N).load(folder, (done, total) -> {}))
                .hasMessageContaining(" has CIFAR-100: expected CIFAR-10, or --dataset cifar100");
    }

    private static void assertRefused(Path path, String sentence) {
        assertThatThrownBy(() -> load(path, Labels.FINE))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(sentence);
    }
}
