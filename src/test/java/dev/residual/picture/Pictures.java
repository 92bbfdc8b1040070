package dev.residual.picture;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;

/** Image files for tests: written by others, or made byte by byte. */
public final class Pictures {
    /** 48×40 pixels of (200, 30, 60), written by libwebp: lossy and lossless. */
    public static final byte[] WEBP = base64(
            "UklGRkQAAABXRUJQVlA4IDgAAAAwAwCdASowACgAPrVaqE8nJSOiI4gA4BaJZwAAG4G9Pg4AAP7rNv9zeDld//8s//2W/7LeEAAAAA==");

    static final byte[] WEBP_LOSSLESS = base64("UklGRiQAAABXRUJQVlA4TBcAAAAvL8AJAAdQjyKXp/8BICH8P69G9D91AQA=");

    /** 16×16 pixels of (0, 200, 100, 20) in CMYK, written by libjpeg as Adobe's programs do. */
    public static final byte[] CMYK_JPEG = base64(
            "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAoHB4jHhkoIyEjLSsoMDxkQTw3Nzx7WF1JZJGAmZaPgIyKoLTmw6Cq2q2KjMj/y9ru9f///5vB////"
                    + "+v/m/f/4/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EABcAAQEBAQAAAAAAAAAAAAAAAAAFAwT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oADgRD"
                    + "AE0AWQBLAAA/ALLgaqoAAAD/2Q==");

    static byte[] resource(String name) {
        try (InputStream in = Pictures.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] base64(String text) {
        return Base64.getDecoder().decode(text);
    }

    public static byte[] file(BufferedImage image, String format) {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            assertThat(ImageIO.write(image, format, out)).as(format).isTrue();
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static BufferedImage filled(int width, int height, int type, int argb) {
        BufferedImage image = new BufferedImage(width, height, type);
        for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, argb);
        }
        return image;
    }

    public static BufferedImage noise(int width, int height) {
        BufferedImage noise = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            noise.setRGB(i % width, i / width, i * 0x9e3779b1);
        }
        return noise;
    }

    static BufferedImage sample() {
        return filled(48, 40, BufferedImage.TYPE_INT_RGB, 0xc81e3c);
    }

    static Map<String, byte[]> allFormats() {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (String format : new String[] {"png", "bmp", "gif", "jpeg"}) {
            files.put(format, file(sample(), format));
        }
        files.put("webp", WEBP);
        files.put("lossless webp", WEBP_LOSSLESS);
        return files;
    }

    /** Every pixel is this colour, give or take. */
    static void assertFilled(Photo photo, int tolerance, int... rgb) {
        for (int i = 0; i < photo.pixels().length; i++) {
            assertThat(Math.abs((photo.pixels()[i] & 0xff) - rgb[i % 3]))
                    .as("byte " + i + " is " + (photo.pixels()[i] & 0xff))
                    .isLessThanOrEqualTo(tolerance);
        }
    }

    /** A PNG with one pixel's bytes, whatever size its header claims. */
    public static byte[] png(int width, int height, int bits, int colourType, int... pixel) {
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

    static byte[] pngStart(int width, int height, int bits, int colourType) {
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

    static byte[] deflated(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
            deflater.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    static void chunk(ByteArrayOutputStream out, String type, byte[] bytes) {
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

    /** A JPEG file with the mark of how the camera was held. */
    public static byte[] withExif(byte[] jpeg, int orientation, boolean little) {
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

    private Pictures() {}
}
