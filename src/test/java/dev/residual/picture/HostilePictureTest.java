package dev.residual.picture;

import static dev.residual.picture.Pictures.WEBP_LOSSLESS;
import static dev.residual.picture.Pictures.assertFilled;
import static dev.residual.picture.Pictures.chunk;
import static dev.residual.picture.Pictures.deflated;
import static dev.residual.picture.Pictures.file;
import static dev.residual.picture.Pictures.png;
import static dev.residual.picture.Pictures.pngStart;
import static dev.residual.picture.Pictures.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.management.ThreadMXBean;
import dev.residual.ResidualException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import net.jqwik.api.Example;

/** What is made of hostile and damaged image files. */
class HostilePictureTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    private static void assertRefused(byte[] file, String sentence) {
        assertThatThrownBy(() -> Photo.read(new ByteArrayInputStream(file), "x.png", 32))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("x.png")
                .hasMessageContaining(sentence);
    }

    @Example
    void hostileFilesAreRefused() {
        assertRefused(new byte[0], "not an image that can be read");
        assertRefused("GIF87a".getBytes(), "x.png");
        assertRefused("hello".repeat(100).getBytes(), "not an image that can be read");
        assertRefused(png(50_000, 50_000, 8, 2), "50000×50000 pixels are more than");
        assertRefused(png(8193, 8192, 8, 0), "8193×8192 pixels are more than");
        assertRefused(png(Integer.MAX_VALUE, Integer.MAX_VALUE, 8, 2), "more than");
        assertRefused(file(sample(), "tiff"), "not an image that can be read");
        byte[] gif = file(sample(), "gif");
        ByteBuffer.wrap(gif).putInt(6, -1); // the screen, which the picture fills, though its only frame is small
        assertRefused(gif, "65535×65535 pixels are more than");
        assertThatThrownBy(() -> Photo.read(new Endless(), "x.png", 32))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("larger than the 67108864 bytes");
        assertThatThrownBy(() -> Photo.read(Path.of("none.png"), 32))
                .isInstanceOf(ResidualException.class)
                .hasMessage("cannot read none.png: no such file or directory");
    }

    /** 128 MiB of text in 128 KiB of PNG, of the kind (with a palette) whose chunks are looked through. */
    @Example
    void compressedTextIsNotUnfolded() {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        text.writeBytes(new byte[] {'a', 0, 0});
        text.writeBytes(deflated(new byte[128 << 20]));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(pngStart(1, 1, 8, 3));
        chunk(out, "zTXt", text.toByteArray());
        chunk(out, "PLTE", new byte[] {10, 20, 30});
        chunk(out, "IDAT", deflated(new byte[2]));
        chunk(out, "IEND", new byte[0]);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        assertFilled(Photo.read(out.toByteArray(), 32), 0, 10, 20, 30);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(32 << 20);
    }

    private static final class Endless extends InputStream {
        @Override
        public int read() {
            return 0;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            return length;
        }
    }

    /** These kept readers busy: for a minute, for hours, for ever. */
    @Example
    void nothingTakesForEver() {
        byte[] clearCodes = new byte[50 << 20];
        Arrays.fill(clearCodes, (byte) 0x80);
        assertRefusedSoon(gif(8192, clearCodes), "it ends too early");
        byte[] tail = new byte[50 << 20];
        tail[0] = (byte) 0x80;
        assertTimeoutPreemptively(SOON, () -> assertFilled(Photo.read(gif(1, tail), 32), 0, 10, 20, 30));
        byte[] transforms = new byte[20 << 20];
        for (int i = 0; i < transforms.length; i++) {
            transforms[i] =
                    (byte) (0b101_101_101_101_101_101_101_101 >> i % 3 * 8); // each of three bits: subtract green
        }
        assertRefusedSoon(losslessWebp(8192, transforms), "transformed twice");
        byte[] file = WEBP_LOSSLESS.clone();
        file[25] = (byte) 132; // a damaged table of code lengths, then the end
        assertRefusedSoon(file, "cannot be decoded");
        byte[] lines = new byte[50 << 20]; // of run lengths, all empty
        assertRefusedSoon(rle8(1 << 25, 2, lines), "a run leaves the picture");
    }

    private static void assertRefusedSoon(byte[] file, String sentence) {
        assertTimeoutPreemptively(SOON, () -> assertRefused(file, sentence));
    }

    /** A frame of codes that begin with 8 bits, of which 128 clears the table. */
    private static byte[] gif(int size, byte[] codes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GIF89a".getBytes());
        byte[] sizes = {(byte) size, (byte) (size >> 8), (byte) size, (byte) (size >> 8)};
        out.writeBytes(sizes);
        out.writeBytes(new byte[] {(byte) 0x80, 0, 0, 10, 20, 30, 0, 0, 0, ',', 0, 0, 0, 0});
        out.writeBytes(sizes);
        out.writeBytes(new byte[] {0, 7});
        for (int i = 0; i < codes.length; i += 255) {
            int length = Math.min(255, codes.length - i);
            out.write(length);
            out.write(codes, i, length);
        }
        out.writeBytes(new byte[] {0, ';'});
        return out.toByteArray();
    }

    private static byte[] losslessWebp(int size, byte[] bits) {
        return ByteBuffer.allocate(26 + bits.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes())
                .putInt(18 + bits.length)
                .put("WEBPVP8L".getBytes())
                .putInt(5 + bits.length)
                .put((byte) 0x2f)
                .putInt(size - 1 | size - 1 << 14)
                .put(bits)
                .array();
    }

    private static byte[] rle8(int width, int height, byte[] data) {
        return ByteBuffer.allocate(54 + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("BM".getBytes())
                .putInt(10, 54)
                .putInt(14, 40)
                .putInt(18, width)
                .putInt(22, height)
                .putShort(28, (short) 8)
                .putInt(30, 1)
                .put(54, data)
                .array();
    }
}
