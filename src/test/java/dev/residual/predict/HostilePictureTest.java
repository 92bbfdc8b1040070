package dev.residual.predict;

import static dev.residual.predict.Pictures.WEBP_LOSSLESS;
import static dev.residual.predict.Pictures.allFormats;
import static dev.residual.predict.Pictures.assertFilled;
import static dev.residual.predict.Pictures.chunk;
import static dev.residual.predict.Pictures.deflated;
import static dev.residual.predict.Pictures.file;
import static dev.residual.predict.Pictures.png;
import static dev.residual.predict.Pictures.pngStart;
import static dev.residual.predict.Pictures.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.management.ThreadMXBean;
import dev.residual.ResidualException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;

/** What is made of hostile and damaged image files. */
class HostilePictureTest {
    private static void assertRefused(byte[] file, String sentence) {
        assertThatThrownBy(() -> Photo.read(new ByteArrayInputStream(file), "x.png"))
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
        ByteBuffer.wrap(gif).putInt(6, -1); // 65,535×65,535, though its only frame is small
        assertFilled(Photo.read(gif), 0, 200, 30, 60);
        assertThatThrownBy(() -> Photo.read(new Endless(), "x.png"))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("larger than the 67108864 bytes");
        assertThatThrownBy(() -> Photo.read(Path.of("none.png")))
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
        assertFilled(Photo.read(out.toByteArray()), 0, 10, 20, 30);
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

    /** Cut before its pixels end, no format passes for whole. */
    @Property(tries = 300)
    void truncatedFilesAreRefused(@ForAll @DoubleRange(max = 0.6) double part) {
        BufferedImage noise = new BufferedImage(48, 40, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 1920; i++) {
            noise.setRGB(i % 48, i / 48, i * 0x9e3779b1);
        }
        for (String format : new String[] {"png", "bmp", "gif", "jpeg"}) {
            byte[] whole = file(noise, format);
            byte[] cut = Arrays.copyOf(whole, (int) (whole.length * part));
            assertThatThrownBy(() -> Photo.read(cut)).as(format).isInstanceOf(ResidualException.class);
        }
    }

    /** Of a damaged table of code lengths, the WebP reader asked for ever for what lies past the end. */
    @Example
    void damagedTablesEnd() {
        byte[] file = WEBP_LOSSLESS.clone();
        file[25] = (byte) 132;
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> assertRefused(file, "it ends too early"));
    }

    /** Any byte changed: it is still an image, or it is refused; nothing else ever happens. */
    @Property(tries = 1000)
    void damagedFilesAreReadOrRefused(@ForAll int position, @ForAll byte value, @ForAll int which) {
        byte[][] files = allFormats().values().toArray(byte[][]::new);
        byte[] file = files[Math.floorMod(which, files.length)].clone();
        file[Math.floorMod(position, file.length)] = value;
        try {
            Photo.read(file);
        } catch (ResidualException e) {
            assertThat(e).hasMessageStartingWith("the image: ");
        }
    }
}
