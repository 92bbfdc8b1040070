package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveTest {
    static final String FOLDER = "cifar-10-batches-bin";
    static final Map<String, Integer> FILES =
            TinyCifar.files().keySet().stream().collect(Collectors.toMap(name -> name, name -> TinyCifar.BYTES));

    @TempDir
    Path dir;

    static void unpack(Path dir, byte[] archive) throws IOException {
        Files.write(dir.resolve("a.tar.gz"), archive);
        Archive.unpack(dir.resolve("a.tar.gz"), dir.resolve(FOLDER), FILES, true);
    }

    @Test
    void unpacksTheExpectedFilesAndNothingElse() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("../data_batch_1.bin", new byte[1]);
        entries.put("/absolute/" + FOLDER + "/data_batch_1.bin", new byte[1]);
        entries.put(FOLDER + "/../data_batch_1.bin", new byte[1]);
        entries.put(FOLDER + "/readme.html", new byte[1]);
        entries.put("./" + FOLDER + "/test_batch.bin", TinyCifar.batch(0));
        TinyCifar.entries().forEach((name, bytes) -> {
            if (!name.endsWith("test_batch.bin")) {
                entries.put(name, bytes);
            }
        });

        unpack(dir, TinyCifar.gzip(TinyCifar.tar(entries)));

        assertThat(TinyCifar.names(dir)).containsExactly("a.tar.gz", FOLDER);
        assertThat(TinyCifar.names(dir.resolve(FOLDER)))
                .containsExactlyElementsOf(TinyCifar.files().keySet());
        for (var file : TinyCifar.files().entrySet()) {
            assertThat(dir.resolve(FOLDER).resolve(file.getKey())).hasBinaryContent(file.getValue());
        }
    }

    @Test
    void aFolderThatAppearedMeanwhileIsKept() throws IOException {
        Path other = TinyCifar.write(dir.resolve(FOLDER)).resolve("by-another-process");
        Files.createFile(other);

        unpack(dir, TinyCifar.archive());

        assertThat(other).exists();
        assertThat(TinyCifar.names(dir)).containsExactly("a.tar.gz", FOLDER);
    }

    @Test
    void saysWhatWasExpectedOfAnotherArchive() throws IOException {
        Map<String, byte[]> other = Map.of("cifar-100-binary/train.bin", new byte[10]);

        assertRefused(
                TinyCifar.gzip(TinyCifar.tar(other)),
                dir.resolve("a.tar.gz") + " has no cifar-10-batches-bin/data_batch_1.bin: expected a .tar.gz with"
                        + " data_batch_1.bin, data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, data_batch_5.bin,"
                        + " test_batch.bin in cifar-10-batches-bin/");
    }

    @Test
    void refusesWhatIsNotGzip() throws IOException {
        assertRefused("no page".getBytes(StandardCharsets.US_ASCII), "(Not in GZIP format): expected a .tar.gz with");
        assertRefused("<html>".getBytes(StandardCharsets.US_ASCII), "a.tar.gz is an HTML page");
        assertRefused(
                "version https://git-lfs.github.com/spec/v1".getBytes(StandardCharsets.US_ASCII), "a Git LFS pointer");
        assertRefused(new byte[0], "(it ends too early): expected a .tar.gz with");
    }

    /** A browser unpacks the gzip and keeps the name, or gives it another. */
    @Test
    void aPlainTarIsAsGood() throws IOException {
        unpack(dir, TinyCifar.tar(TinyCifar.entries()));
        assertThat(dir.resolve(FOLDER).resolve("test_batch.bin")).hasBinaryContent(TinyCifar.batch(0));
    }

    @Test
    void aSizeThatIsNotExactIsAtMostThat() throws IOException {
        Files.write(dir.resolve("a.tar.gz"), TinyCifar.archive());
        Map<String, Integer> larger = Map.of("test_batch.bin", TinyCifar.BYTES + 1);
        Archive.unpack(dir.resolve("a.tar.gz"), dir.resolve(FOLDER), larger, false);
        assertThat(TinyCifar.names(dir.resolve(FOLDER))).containsExactly("test_batch.bin");
        Map<String, Integer> smaller = Map.of("test_batch.bin", TinyCifar.BYTES - 1);
        assertThatThrownBy(() -> Archive.unpack(dir.resolve("a.tar.gz"), dir.resolve(FOLDER), smaller, false))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("expected a regular file of at most 36875 bytes");
    }

    @Test
    void refusesAMissingFile() throws IOException {
        Map<String, byte[]> entries = TinyCifar.entries();
        entries.remove(FOLDER + "/data_batch_4.bin");
        assertRefused(TinyCifar.gzip(TinyCifar.tar(entries)), "has no cifar-10-batches-bin/data_batch_4.bin");
    }

    @Test
    void refusesAnotherSize() throws IOException {
        Map<String, byte[]> entries = TinyCifar.entries();
        entries.put(FOLDER + "/data_batch_4.bin", new byte[5]);
        assertRefused(
                TinyCifar.gzip(TinyCifar.tar(entries)),
                "has cifar-10-batches-bin/data_batch_4.bin as a file of 5 bytes: expected a regular file of 36876");
    }

    @Test
    void refusesAFileThatIsThereTwice() throws IOException {
        Map<String, byte[]> entries = TinyCifar.entries();
        entries.put("./" + FOLDER + "/data_batch_4.bin", TinyCifar.batch(4));
        assertRefused(TinyCifar.gzip(TinyCifar.tar(entries)), "has cifar-10-batches-bin/data_batch_4.bin twice");
    }

    @Test
    void refusesLinks() throws IOException {
        for (byte kind : new byte[] {TarConstants.LF_LINK, TarConstants.LF_SYMLINK}) {
            byte[] archive = headers(tar -> {
                TarArchiveEntry link = new TarArchiveEntry(FOLDER + "/data_batch_1.bin", kind);
                link.setLinkName("/etc/passwd");
                put(tar, link);
            });
            assertRefused(archive, "has cifar-10-batches-bin/data_batch_1.bin as a link or something else special");
        }
    }

    @Test
    void refusesTooManyEntries() throws IOException {
        byte[] archive = headers(tar -> {
            for (int i = 0; i <= 100; i++) {
                put(tar, TinyCifar.entry("empty" + i, 0));
            }
        });
        assertRefused(archive, "is too large, with more than 100 entries");
    }

    @Test
    void refusesTooManyBytesBeforeUnpackingThem() throws IOException {
        byte[] archive = headers(tar -> put(tar, TinyCifar.entry("bomb", Integer.MAX_VALUE)));
        assertRefused(archive, "is too large, with more than 100 entries or 268435456 bytes");
    }

    @Test
    void refusesAnEndlessName() throws IOException {
        byte[] tar = TinyCifar.tar(Map.of("././@LongLink", new byte[10_000_000]));
        tar[156] = TarConstants.LF_GNUTYPE_LONGNAME;
        TinyCifar.fixChecksum(tar);
        assertRefused(TinyCifar.gzip(tar), "more than 262144 bytes between two entries");
    }

    @Test
    void nothingIsWrittenIntoAFolderThatIsNotThere() throws IOException {
        Files.write(dir.resolve("a.tar.gz"), TinyCifar.archive());
        assertThatThrownBy(() -> Archive.unpack(dir.resolve("a.tar.gz"), dir.resolve("missing/" + FOLDER), FILES, true))
                .isInstanceOf(ResidualException.class)
                .hasMessage("cannot write " + dir.resolve("missing/" + FOLDER) + ": no such file or directory");
    }

    private void assertRefused(byte[] archive, String message) throws IOException {
        assertThatThrownBy(() -> unpack(dir, archive))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(dir.resolve("a.tar.gz").toString())
                .hasMessageContaining(message);
        assertThat(TinyCifar.names(dir)).containsExactly("a.tar.gz");
    }

    /** An archive of headers alone, whatever they promise. */
    private static byte[] headers(Consumer<TarArchiveOutputStream> content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, 512);
        content.accept(tar);
        tar.flush();
        return TinyCifar.gzip(bytes.toByteArray());
    }

    private static void put(TarArchiveOutputStream tar, TarArchiveEntry entry) {
        try {
            tar.putArchiveEntry(entry);
            if (entry.getSize() == 0) {
                tar.closeArchiveEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
