package dev.residual.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.management.ThreadMXBean;
import dev.residual.ResidualException;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.data.Offset;

/** What is made of image files, whole, odd and hostile. */
class PhotoTest {
    /** 48×40 pixels of (200, 30, 60), written by libwebp: lossy and lossless. */
    private static final byte[] WEBP = base64(
            "UklGRkQAAABXRUJQVlA4IDgAAAAwAwCdASowACgAPrVaqE8nJSOiI4gA4BaJZwAAG4G9Pg4AAP7rNv9zeDld//8s//2W/7LeEAAAAA==");

    private static final byte[] WEBP_LOSSLESS = base64("UklGRiQAAABXRUJQVlA4TBcAAAAvL8AJAAdQjyKXp/8BICH8P69G9D91AQA=");

    /** 16×16 pixels of (0, 200, 100, 20) in CMYK, written by libjpeg as Adobe's programs do. */
    private static final byte[] CMYK_JPEG = base64(
            "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAoHB4jHhkoIyEjLSsoMDxkQTw3Nzx7WF1JZJGAmZaPgIyKoLTmw6Cq2q2KjMj/y9ru9f///5vB////"
                    + "+v/m/f/4/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EABcAAQEBAQAAAAAAAAAAAAAAAAAFAwT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oADgRD"
                    + "AE0AWQBLAAA/ALLgaqoAAAD/2Q==");

    private static byte[] base64(String text) {
        return Base64.getDecoder().decode(text);
    }

    private static byte[] file(BufferedImage image, String format) {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            assertThat(ImageIO.write(image, format, out)).as(format).isTrue();
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static BufferedImage filled(int width, int height, int type, int argb) {
        BufferedImage image = new BufferedImage(width, height, type);
        for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, argb);
        }
        return image;
    }

    private static BufferedImage sample() {
        return filled(48, 40, BufferedImage.TYPE_INT_RGB, 0xc81e3c);
    }

    private static Map<String, byte[]> allFormats() {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (String format : new String[] {"png", "bmp", "gif", "jpeg"}) {
            files.put(format, file(sample(), format));
        }
        files.put("webp", WEBP);
        files.put("lossless webp", WEBP_LOSSLESS);
        return files;
    }

    /** Every pixel is this colour, give or take. */
    private static void assertFilled(Photo photo, int tolerance, int... rgb) {
        for (int i = 0; i < photo.pixels().length; i++) {
            assertThat(Math.abs((photo.pixels()[i] & 0xff) - rgb[i % 3]))
                    .as("byte " + i + " is " + (photo.pixels()[i] & 0xff))
                    .isLessThanOrEqualTo(tolerance);
        }
    }

    private static int[] pixel(Photo photo, int y, int x) {
        int i = (y * 32 + x) * 3;
        byte[] p = photo.pixels();
        return new int[] {p[i] & 0xff, p[i + 1] & 0xff, p[i + 2] & 0xff};
    }

    @Example
    void allFormatsAreReadWhateverTheirNames() throws IOException {
        for (Map.Entry<String, byte[]> format : allFormats().entrySet()) {
            Path file = Files.createTempFile("photo", ".png");
            try {
                Files.write(file, format.getValue());
                assertFilled(Photo.read(file), format.getKey().matches("jpeg|webp") ? 6 : 0, 200, 30, 60);
            } finally {
                Files.delete(file);
            }
        }
    }

    @Example
    void anyShapeWillDo() {
        for (int[] size : new int[][] {{1, 1}, {1, 5000}, {5000, 1}, {31, 33}, {2, 3}}) {
            BufferedImage image = filled(size[0], size[1], BufferedImage.TYPE_INT_RGB, 0x0a141e);
            assertFilled(Photo.read(file(image, "png")), 0, 10, 20, 30);
        }
    }

    @Example
    void theMiddleSquareIsTaken() {
        BufferedImage wide = filled(132, 32, BufferedImage.TYPE_INT_RGB, 0xff0000);
        wide.setRGB(50, 0, 0x0000ff);
        wide.setRGB(81, 31, 0x00ff00);
        Photo photo = Photo.of(wide);
        assertThat(pixel(photo, 0, 0)).containsExactly(0, 0, 255);
        assertThat(pixel(photo, 31, 31)).containsExactly(0, 255, 0);
        assertThat(pixel(photo, 0, 31)).containsExactly(255, 0, 0);
    }

    /** Java's own conversion makes 188 of a grey 128. */
    @Example
    void greyStaysAsItIs() {
        BufferedImage grey = new BufferedImage(40, 40, BufferedImage.TYPE_BYTE_GRAY);
        BufferedImage deep = new BufferedImage(40, 40, BufferedImage.TYPE_USHORT_GRAY);
        for (int i = 0; i < 1600; i++) {
            grey.getRaster().setSample(i % 40, i / 40, 0, 128);
            deep.getRaster().setSample(i % 40, i / 40, 0, 128 * 257);
        }
        assertFilled(Photo.read(file(grey, "png")), 0, 128, 128, 128);
        assertFilled(Photo.read(file(grey, "jpeg")), 1, 128, 128, 128);
        assertFilled(Photo.read(file(deep, "png")), 0, 128, 128, 128);
    }

    @Example
    void allDepthsAndKindsOfPixels() {
        int[] types = {
            BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_INT_BGR, BufferedImage.TYPE_3BYTE_BGR,
            BufferedImage.TYPE_INT_ARGB, BufferedImage.TYPE_4BYTE_ABGR, BufferedImage.TYPE_INT_ARGB_PRE
        };
        for (int type : types) {
            assertFilled(Photo.of(filled(40, 40, type, 0xffc81e3c)), 0, 200, 30, 60);
        }
        assertFilled(Photo.of(filled(40, 40, BufferedImage.TYPE_USHORT_565_RGB, 0xffff0000)), 0, 255, 0, 0);
        byte[] levels = {0, 100, (byte) 200};
        IndexColorModel palette = new IndexColorModel(2, 3, levels, new byte[3], levels);
        BufferedImage indexed = new BufferedImage(40, 40, BufferedImage.TYPE_BYTE_BINARY, palette);
        for (int i = 0; i < 1600; i++) {
            indexed.getRaster().setSample(i % 40, i / 40, 0, 2);
        }
        assertFilled(Photo.read(file(indexed, "png")), 0, 200, 0, 200);
        assertFilled(Photo.read(png(1, 1, 16, 2, 0xc8, 0xc8, 0x1e, 0x1e, 0x3c, 0x3c)), 0, 200, 30, 60);
        assertFilled(Photo.read(CMYK_JPEG), 4, 235, 50, 143);
    }

    @Example
    void transparencyLiesOverWhite() {
        BufferedImage half = filled(40, 40, BufferedImage.TYPE_INT_ARGB, 0x80000000);
        assertFilled(Photo.read(file(half, "png")), 1, 127, 127, 127);
        BufferedImage premultiplied = filled(40, 40, BufferedImage.TYPE_INT_ARGB_PRE, 0x80000000);
        assertFilled(Photo.of(premultiplied), 1, 127, 127, 127);
        assertFilled(Photo.read(file(filled(40, 40, BufferedImage.TYPE_INT_ARGB, 0), "png")), 0, 255, 255, 255);
        assertFilled(Photo.read(png(1, 1, 8, 4, 0, 0x80)), 1, 127, 127, 127); // grey with alpha
    }

    /** Against the integral over each new pixel's area, written out in two dimensions. */
    @Property(tries = 60)
    void shrinkingAveragesOverTheArea(
            @ForAll @IntRange(min = 32, max = 150) int width,
            @ForAll @IntRange(min = 32, max = 150) int height,
            @ForAll @DoubleRange(max = 1) double grain) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double wave = Math.sin(x * grain * 3) * Math.cos(y * grain) + 1;
                image.setRGB(x, y, new Color((int) (127 * wave), (x * 7 + y * 3) % 256, (x * y) % 256).getRGB());
            }
        }
        int side = Math.min(width, height);
        int left = (width - side) / 2;
        int top = (height - side) / 2;
        double step = side / 32.0;
        byte[] pixels = Photo.of(image).pixels();
        for (int i = 0; i < pixels.length; i++) {
            double y0 = i / 96 * step;
            double x0 = i / 3 % 32 * step;
            double sum = 0;
            for (int y = (int) y0; y < Math.min(side, y0 + step); y++) {
                for (int x = (int) x0; x < Math.min(side, x0 + step); x++) {
                    double area = overlap(y, y0, y0 + step) * overlap(x, x0, x0 + step);
                    sum += area * (image.getRGB(left + x, top + y) >> 16 - i % 3 * 8 & 0xff);
                }
            }
            assertThat(Math.abs((pixels[i] & 0xff) - sum / (step * step))).isLessThan(0.5 + 1e-6);
        }
    }

    /** How much of the pixel from {@code i} to {@code i + 1} lies between two borders. */
    private static double overlap(int i, double from, double to) {
        return Math.max(0, Math.min(i + 1, to) - Math.max(i, from));
    }

    /** A linear ramp grows into a linear ramp, level at its ends. */
    @Property(tries = 20)
    void growingInterpolates(@ForAll @IntRange(min = 2, max = 31) int side) {
        BufferedImage ramp = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < side * side; i++) {
            ramp.setRGB(i % side, i / side, 8 * (i % side) << 16 | 8 * (i / side));
        }
        Photo photo = Photo.of(ramp);
        for (int i = 0; i < 1024; i++) {
            assertThat((double) pixel(photo, i / 32, i % 32)[0]).isCloseTo(ramp(i % 32, side), withinHalf());
            assertThat((double) pixel(photo, i / 32, i % 32)[2]).isCloseTo(ramp(i / 32, side), withinHalf());
        }
    }

    private static double ramp(int i, int side) {
        return 8 * Math.max(0, Math.min(side - 1, (i + 0.5) * side / 32 - 0.5));
    }

    private static Offset<Double> withinHalf() {
        return within(0.5 + 1e-9);
    }

    /** Four coloured corners, red where the top left is to be, as a camera that was turned would write them. */
    @Example
    void theCamerasOrientationIsFollowed() {
        Color[][] upright = {{Color.RED, Color.GREEN}, {Color.BLUE, Color.WHITE}};
        // For each orientation, the file's corners: top left, top right, bottom left, bottom right.
        String[] corners = {"RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "GWRB", "WGBR", "BRWG"};
        for (int orientation = 1; orientation <= 8; orientation++) {
            BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
            for (int i = 0; i < 4096; i++) {
                int corner = i / 64 / 32 * 2 + i % 64 / 32;
                int which = "RGBW".indexOf(corners[orientation - 1].charAt(corner));
                image.setRGB(i % 64, i / 64, upright[which / 2][which % 2].getRGB());
            }
            for (boolean little : new boolean[] {false, true}) {
                Photo photo = Photo.read(withExif(file(image, "jpeg"), orientation, little));
                for (int i = 0; i < 4; i++) {
                    Color expected = upright[i / 2][i % 2];
                    int[] actual = pixel(photo, i / 2 * 16 + 8, i % 2 * 16 + 8);
                    assertThat(Math.abs(actual[0] - expected.getRed())
                                    + Math.abs(actual[1] - expected.getGreen())
                                    + Math.abs(actual[2] - expected.getBlue()))
                            .as("orientation " + orientation + ", corner " + i + ": " + Arrays.toString(actual))
                            .isLessThan(60);
                }
            }
        }
    }

    private static byte[] withExif(byte[] jpeg, int orientation, boolean little) {
        ByteBuffer exif = ByteBuffer.allocate(36);
        exif.putShort((short) 0xffe1).putShort((short) 34).put("Exif\0\0".getBytes());
        exif.put((little ? "II" : "MM").getBytes());
        exif.order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        exif.putShort((short) 42).putInt(8).putShort((short) 1);
        exif.putShort((short) 0x0112)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) orientation)
                .putShort((short) 0);
        ByteBuffer all = ByteBuffer.allocate(jpeg.length + exif.capacity());
        return all.put(jpeg, 0, 2)
                .put(exif.array())
                .put(jpeg, 2, jpeg.length - 2)
                .array();
    }

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

    /** A PNG with one pixel's bytes, whatever size its header claims. */
    private static byte[] png(int width, int height, int bits, int colourType, int... pixel) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(pngStart(width, height, bits, colourType));
        byte[] row = new byte[1 + pixel.length]; // the first byte says that there is no filter
        for (int i = 0; i < pixel.length; i++) {
            row[1 + i] = (byte) pixel[i];
        }
        chunk(out, "IDAT", deflated(row));
        chunk(out, "IEND", new byte[0]);
        return out.toByteArray();
    }

    private static byte[] pngStart(int width, int height, int bits, int colourType) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put((byte) bits)
                .put((byte) colourType)
                .array();
        chunk(out, "IHDR", header);
        return out.toByteArray();
    }

    private static byte[] deflated(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
            deflater.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream out, String type, byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(type.getBytes());
        crc.update(bytes);
        out.writeBytes(ByteBuffer.allocate(12 + bytes.length)
                .putInt(bytes.length)
                .put(type.getBytes())
                .put(bytes)
                .putInt((int) crc.getValue())
                .array());
    }
}
