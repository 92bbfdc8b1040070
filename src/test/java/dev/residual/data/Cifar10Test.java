package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.Digests;
import dev.residual.ResidualException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Cifar10Test {
    private static final int N = TinyCifar.RECORDS;

    @TempDir
    Path dir;

    /** A source that no test may come to ask. */
    private static final Download.Source NOWHERE = new Download.Source(URI.create("http://nowhere.invalid/x"), 1, "");

    private static Dataset load(Path dir) {
        return Cifar10.set(NOWHERE, N).load(dir, (done, total) -> {});
    }

    @Test
    void everyByteArrivesWhereItBelongs() {
        Dataset data = load(TinyCifar.write(dir));

        assertThat(data.name()).isEqualTo("cifar10");
        assertThat(data.classes())
                .hasSize(10)
                .startsWith("airplane", "automobile")
                .endsWith("ship", "truck");
        assertThat(data.train().size()).isEqualTo(5 * N);
        for (int file = 0; file < 6; file++) {
            byte[] batch = TinyCifar.batch((file + 1) % 6);
            ImageSet images = file < 5 ? data.train() : data.test();
            for (int record = 0; record < N; record++) {
                int image = file < 5 ? file * N + record : record;
                int at = record * 3073;
                assertThat(images.labels()[image]).isEqualTo(batch[at++]);
                for (int channel = 0; channel < 3; channel++) {
                    for (int y = 0; y < 32; y++) {
                        for (int x = 0; x < 32; x++) {
                            assertThat(images.at(image, y, x, channel)).isEqualTo(batch[at++] & 0xff);
                        }
                    }
                }
            }
        }
    }

    @Test
    void hashesEveryFile() {
        Map<String, byte[]> files = TinyCifar.files();

        Map<String, String> sha256 = load(TinyCifar.write(dir)).sha256();

        assertThat(sha256).hasSize(6);
        files.forEach((name, bytes) -> assertThat(sha256).containsEntry(name, TinyCifar.hex(Digests.sha256(), bytes)));
    }

    @Test
    void aFolderAndAnArchiveAreAsGoodAsTheFilesThemselves() throws IOException {
        Path plain = TinyCifar.write(dir.resolve("plain"));
        Path parent =
                TinyCifar.write(dir.resolve("parent/cifar-10-batches-bin")).getParent();
        Path packed = Files.createDirectory(dir.resolve("packed"));
        Files.write(packed.resolve("cifar-10-binary.tar.gz"), TinyCifar.archive());

        byte[] pixels = load(plain).train().pixels();

        assertThat(load(parent).train().pixels()).isEqualTo(pixels);
        assertThat(load(packed).train().pixels()).isEqualTo(pixels);
        assertThat(TinyCifar.names(packed)).containsExactly("cifar-10-batches-bin", "cifar-10-binary.tar.gz");
    }

    @Test
    void unpacksOnce() throws IOException {
        Files.write(dir.resolve("cifar-10-binary.tar.gz"), TinyCifar.archive());
        load(dir);
        Files.writeString(dir.resolve("cifar-10-binary.tar.gz"), "damaged later");

        assertThat(load(dir).test().size()).isEqualTo(N);
    }

    @Test
    void withoutANetworkSaysWhatToDo() throws IOException {
        int closedPort;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closedPort = socket.getLocalPort();
        }
        URI address = URI.create("http://127.0.0.1:" + closedPort + "/cifar-10-binary.tar.gz");
        Path data = dir.resolve("data");

        assertThatThrownBy(() ->
                        Cifar10.set(new Download.Source(address, 1, ""), N).load(data, (done, total) -> {}))
                .isInstanceOf(ResidualException.class)
                .hasMessage("CIFAR-10 is not in " + data + " and cannot be had from " + address
                        + " (no connection): try again, or download cifar-10-binary.tar.gz on another machine and"
                        + " put it into " + data + ", or train with --dataset shapes");
        assertThat(TinyCifar.names(data)).isEmpty();
    }

    @Test
    void besideOtherVersionsTheBinaryOneIsFound() throws IOException {
        TinyCifar.write(dir.resolve("cifar-10-batches-bin"));
        Files.createDirectory(dir.resolve("cifar-10-batches-py"));

        assertThat(load(dir).train().size()).isEqualTo(5 * N);
    }

    @Test
    void namesAMissingFile() throws IOException {
        Files.delete(TinyCifar.write(dir).resolve("data_batch_3.bin"));
        assertRefused(dir.resolve("data_batch_3.bin") + " is missing: expected");
    }

    @Test
    void aFolderIsNoBatchFile() throws IOException {
        Path file = TinyCifar.write(dir).resolve("test_batch.bin");
        Files.delete(file);
        Files.createDirectory(file);
        assertRefused(file + " is not a regular file: expected");
    }

    @Test
    void aFileIsNoFolder() throws IOException {
        Path file = Files.createFile(dir.resolve("data"));
        assertThatThrownBy(() -> load(file))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(file + " is a file: expected a folder");
        Files.createFile(dir.resolve("cifar-10-batches-bin"));
        assertRefused("cifar-10-batches-bin is a file: expected a folder");
    }

    @Test
    void namesAClassThatDoesNotOccur() throws IOException {
        byte[] batch = TinyCifar.batch(2);
        for (int at = 0; at < batch.length; at += 3073) {
            if (batch[at] == 3) {
                batch[at] = 4;
            }
        }
        Files.write(TinyCifar.write(dir).resolve("data_batch_2.bin"), batch);
        assertRefused("data_batch_2.bin has no image with the label 3 (cat) in its 12 records");
    }

    @Test
    void testImagesCanBeHadAlone() throws IOException {
        TinyCifar.write(dir);
        Dataset whole = load(dir);
        Dataset test = Cifar10.set(NOWHERE, N).loadTest(dir, (done, total) -> {});
        assertThat(test.train().size()).isZero();
        assertThat(test.test().pixels()).isEqualTo(whole.test().pixels());
        assertThat(test.sha256()).containsOnlyKeys("test_batch.bin");
        Files.write(dir.resolve("test_batch.bin"), TinyCifar.batch(4));
        assertThatThrownBy(() -> Cifar10.set(NOWHERE, N).loadTest(dir, (done, total) -> {}))
                .hasMessageContaining("is a copy of data_batch_4.bin");
    }

    @Test
    void testImagesAreNotTrainingImages() throws IOException {
        Files.write(TinyCifar.write(dir).resolve("test_batch.bin"), TinyCifar.batch(4));
        assertRefused(dir.resolve("test_batch.bin") + " is a copy of data_batch_4.bin");
    }

    @Test
    void classNamesMustNotContradict() throws IOException {
        Path names = TinyCifar.write(dir).resolve("batches.meta.txt");
        Files.writeString(names, String.join("\n", Cifar10.CLASSES) + "\n\n");
        assertThat(load(dir).test().size()).isEqualTo(N);

        Files.writeString(names, "apple\nbaby\n");
        assertRefused(names + " does not name the classes of CIFAR-10: expected, in this order, airplane, automobile");
    }

    private void assertRefused(String message) {
        assertThatThrownBy(() -> load(dir))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(message);
    }
}
