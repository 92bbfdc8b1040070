package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** CIFAR-10 in the forms and places in which people have it, and what is nearly it. */
class CifarFormsTest {
    private static final Download.Source NOWHERE =
            new Download.Source(URI.create("http://127.0.0.1:1/cifar-10-binary.tar.gz"), 1000, "");

    @TempDir
    Path dir;

    private static Dataset load(Path path) {
        return Cifar10.set(NOWHERE, TinyCifar.RECORDS).load(path, (done, total) -> {});
    }

    private void assertFound(Path path, String version, Path where) {
        Dataset data = load(path);
        assertThat(data.source()).isEqualTo("CIFAR-10's " + version + " version in " + where);
        assertThat(data.train().pixels())
                .isEqualTo(
                        load(TinyCifar.write(dir.resolve("reference"))).train().pixels());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cifar-10-batches-bin",
                "cifar-10-batches-bin/cifar-10-batches-bin",
                "downloads/cifar-10-batches-bin",
                "downloads/cifar10"
            })
    void binaryFolders(String place) {
        Path folder = TinyCifar.write(dir.resolve("data").resolve(place));
        assertFound(dir.resolve("data"), "binary", folder);
        assertFound(folder, "binary", folder);
        assertFound(folder.resolve("data_batch_2.bin"), "binary", folder);
    }

    /** torchvision's, Keras's of both versions, and the files themselves. */
    @ParameterizedTest
    @ValueSource(
            strings = {"cifar-10-batches-py", "cifar-10-batches-py-target/cifar-10-batches-py", "", "cifar-10-python"})
    void pythonFolders(String place) {
        Path folder = TinyCifar.writePython(dir.resolve("data").resolve(place));
        assertFound(dir.resolve("data"), "Python", folder);
        assertFound(folder.resolve("batches.meta"), "Python", folder);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cifar-10-binary.tar.gz",
                "cifar-10-binary (1).tar.gz",
                "cifar-10-binary.tar (1).gz",
                "cifar-10-binary.tar.gz.tar",
                "CIFAR-10-binary.tgz",
                "below/cifar10.tar.gz"
            })
    void binaryArchives(String name) throws IOException {
        Path archive = dir.resolve("data").resolve(name);
        Files.createDirectories(archive.getParent());
        Files.write(archive, TinyCifar.archive());
        assertFound(dir.resolve("data"), "binary", archive.resolveSibling("cifar-10-batches-bin"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"cifar-10-python.tar.gz", "cifar-10-batches-py.tar.gz", "cifar-10-batches-py-target_archive"})
    void pythonArchives(String name) throws IOException {
        Path archive = dir.resolve("data").resolve(name);
        Files.createDirectories(archive.getParent());
        Files.write(archive, TinyCifar.pythonArchive());
        assertFound(dir.resolve("data"), "Python", archive.resolveSibling("cifar-10-batches-py"));
    }

    @Test
    void anArchiveWithoutItsGzip() throws IOException {
        Path archive = Files.createDirectory(dir.resolve("data")).resolve("cifar-10-binary.tar");
        Files.write(archive, TinyCifar.tar(TinyCifar.entries()));
        assertFound(dir.resolve("data"), "binary", dir.resolve("data/cifar-10-batches-bin"));
    }

    /** Whatever it is called; unpacked once. */
    @Test
    void anArchiveThatIsNamedInsteadOfItsFolder() throws IOException {
        Path archive = Files.createDirectory(dir.resolve("data")).resolve("download");
        Files.write(archive, TinyCifar.pythonArchive());
        assertFound(archive, "Python", dir.resolve("data/cifar-10-batches-py"));
        Files.write(archive, Arrays.copyOf(TinyCifar.pythonArchive(), 100));
        assertFound(archive, "Python", dir.resolve("data/cifar-10-batches-py"));
    }

    @Test
    void aWholeFolderComesBeforeAnArchiveAndThatBeforeHalfAFolder() throws IOException {
        Path data = Files.createDirectory(dir.resolve("data"));
        Files.delete(TinyCifar.write(data.resolve("half")).resolve("data_batch_4.bin"));
        assertThatThrownBy(() -> load(data)).hasMessageContaining("half/data_batch_4.bin is missing");
        Files.write(data.resolve("cifar-10-python.tar.gz"), TinyCifar.pythonArchive());
        assertFound(data, "Python", data.resolve("cifar-10-batches-py"));
        TinyCifar.write(data.resolve("cifar-10-batches-bin"));
        assertFound(data, "binary", data.resolve("cifar-10-batches-bin"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cifar-10.zip",
                "cifar10.h5",
                "cifar-10-binary.tar.gz.crdownload",
                "cifar-10-batches-bin",
                "cifar-10-images/0001.png"
            })
    void whatIsNearlyItIsNamedAndNothingIsDownloaded(String name) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "something");
        assertRefused(dir, dir.resolve(dir.relativize(file).getName(0)).toString());
        assertRefused(dir, "to have that downloaded");
    }

    @Test
    void anArchiveOfSomethingElseIsNamed() throws IOException {
        Path matlab = Files.write(
                dir.resolve("cifar-10-matlab.tar.gz"),
                TinyCifar.gzip(TinyCifar.tar(Map.of("cifar-10-batches-mat/test_batch.mat", new byte[9]))));
        assertRefused(dir, matlab + " has neither cifar-10-batches-bin/ nor cifar-10-batches-py/: expected an archive");
        assertRefused(matlab, matlab + " has neither");
    }

    @Test
    void aFileThatIsNotThereIsNoFolderToDownloadTo() {
        assertRefused(dir.resolve("cifar.tar.gz"), "cifar.tar.gz: no such file or directory");
        assertRefused(dir.resolve("data_batch_1.bin"), "data_batch_1.bin: no such file or directory");
    }

    @Test
    void anEmptyFolderAndABrokenDownloadAreInNobodysWay() throws IOException {
        Files.createDirectory(dir.resolve("cifar-10"));
        Files.writeString(dir.resolve("cifar-10-binary.tar.gz.part"), "x");
        assertRefused(dir, "CIFAR-10 is not in " + dir + " and cannot be had from");
    }

    /** Both data sets may lie in one folder; but CIFAR-100's own folder is not the place for CIFAR-10. */
    @Test
    void cifar100IsNotCifar10() throws IOException {
        Path folder = Files.createDirectory(dir.resolve("cifar-100-binary"));
        assertRefused(dir, "CIFAR-10 is not in " + dir + " and cannot be had from");
        Files.write(folder.resolve("train.bin"), new byte[1]);
        Files.write(folder.resolve("test.bin"), new byte[1]);
        assertRefused(folder, folder + " has CIFAR-100: expected CIFAR-10, or --dataset cifar100");
        assertRefused(dir, "CIFAR-10 is not in " + dir + " and cannot be had from");
    }

    /** A folder is not searched for ever. */
    @Test
    void aLargeFolderIsNotSearchedWhole() throws IOException {
        for (int i = 0; i <= 10_000; i++) {
            Files.createFile(dir.resolve("f" + i));
        }
        assertRefused(dir, "more than the 10000 files and folders that are searched");
    }

    private static void assertRefused(Path path, String sentence) {
        assertThatThrownBy(() -> load(path))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(sentence);
    }

    /** Its parts are called as the files of CIFAR-100's Python version are. */
    @Test
    void aFolderOfPicturesIsNoCifar100() throws IOException {
        Path flowers = dir.resolve("flowers");
        Files.createDirectories(flowers.resolve("train/rose"));
        Files.createDirectories(flowers.resolve("test/rose"));
        assertThat(new CifarFinder(Cifar100.FINE).find(dir)).isEmpty();
        assertThat(new CifarFinder(Cifar10.SET).find(flowers)).isEmpty();
        for (int i = 0; i <= 6_000; i++) {
            Files.createFile(flowers.resolve("f" + i)); // each is looked at once
        }
        assertThat(new CifarFinder(Cifar10.SET).find(dir)).isEmpty();
    }
}
