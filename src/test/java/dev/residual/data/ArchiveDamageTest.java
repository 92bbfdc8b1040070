package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.Directories;
import dev.residual.ResidualException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Any damage ends in a sentence that names the archive, and leaves nothing behind. */
class ArchiveDamageTest {
    private static final byte[] TAR = TinyCifar.tar(TinyCifar.entries());
    private static final byte[] ARCHIVE = TinyCifar.gzip(TAR);
    private static Path folder;

    @BeforeContainer
    static void create() throws IOException {
        folder = Files.createTempDirectory("archive");
    }

    @AfterContainer
    static void delete() throws IOException {
        Directories.delete(folder);
    }

    @Property(tries = 100)
    void randomBytes(@ForAll @Size(max = 2000) byte[] bytes) throws IOException {
        assertRefused(bytes);
    }

    @Property(tries = 100)
    void randomBytesInGzip(@ForAll @Size(max = 2000) byte[] bytes) throws IOException {
        assertRefused(TinyCifar.gzip(bytes));
    }

    @Property(tries = 50)
    void truncatedGzip(@ForAll @IntRange(max = 1 << 30) int at) throws IOException {
        assertRefused(Arrays.copyOf(ARCHIVE, at % ARCHIVE.length));
    }

    @Property(tries = 50)
    void damagedContents(@ForAll @IntRange(max = 1 << 30) int at, @ForAll @IntRange(min = 1, max = 255) int flip)
            throws IOException {
        // The first ten bytes are a header, much of which has no meaning; all behind it is under a checksum.
        byte[] damaged = ARCHIVE.clone();
        damaged[10 + at % (damaged.length - 10)] ^= (byte) flip;
        // Some bits mean nothing, such as the length of a Huffman code that is never used: then nothing is damaged.
        Assume.that(!meansTheSame(damaged));
        assertRefused(damaged);
    }

    private static boolean meansTheSame(byte[] archive) {
        try (InputStream plain = new GZIPInputStream(new ByteArrayInputStream(archive))) {
            return Arrays.equals(plain.readAllBytes(), TAR);
        } catch (IOException e) {
            return false;
        }
    }

    @Property(tries = 100)
    void damagedHeaders(
            @ForAll @IntRange(max = 511) int at,
            @ForAll @IntRange(min = 1, max = 255) int flip,
            @ForAll boolean checksumFits)
            throws IOException {
        byte[] damaged = TAR.clone();
        damaged[at] ^= (byte) flip;
        if (checksumFits) {
            TinyCifar.fixChecksum(damaged);
        }
        try {
            ArchiveTest.unpack(folder, TinyCifar.gzip(damaged));
            for (String name : TinyCifar.names(folder.resolve(ArchiveTest.FOLDER))) {
                Files.delete(folder.resolve(ArchiveTest.FOLDER).resolve(name));
            }
            Files.delete(folder.resolve(ArchiveTest.FOLDER));
        } catch (ResidualException e) {
            assertThat(e).hasMessageContaining("a.tar.gz");
        }
        assertThat(TinyCifar.names(folder)).containsExactly("a.tar.gz");
    }

    private static void assertRefused(byte[] archive) throws IOException {
        assertThatThrownBy(() -> ArchiveTest.unpack(folder, archive))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(folder.resolve("a.tar.gz").toString());
        assertThat(TinyCifar.names(folder)).containsExactly("a.tar.gz");
    }
}
