package dev.residual.picture;

import dev.residual.ResidualException;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBufferInt;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.EOFException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Image files to pixels, within limits, and with one sentence about what cannot be read. */
final class Decoder {
    /** More pixels than this are not decoded: 8,192×8,192, which take half a gigabyte at 16 bits a channel with alpha. */
    static final long MAX_PIXELS = 1L << 26;

    private Decoder() {}

    /** What a file holds: its (first) picture as it is stored, and how that is to be turned. */
    record Decoded(BufferedImage image, Orientation orientation) {}

    private static final class UnknownFormat extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /**
     * @param name for error messages
     * @return side×side×3 bytes, as in {@link Photo}
     * @throws ResidualException when it is no image of a known format, damaged, cut short, or too large
     */
    static byte[] decode(byte[] file, String name, int side) {
        try {
            Decoded decoded = decode(file);
            return decoded.orientation.upright(Resize.to(side, decoded.image, decoded.orientation), side);
        } catch (UnknownFormat e) {
            throw new ResidualException(
                    name + ": not an image that can be read: expected JPEG, PNG, BMP, GIF or WebP", e);
        } catch (IOException | RuntimeException e) { // Java's readers throw all kinds when a file is damaged
            throw new ResidualException(name + ": cannot be decoded: " + reason(e), e);
        }
    }

    private static String reason(Throwable e) {
        if (e instanceof OutOfMemoryError noMemory) {
            throw noMemory;
        } else if (e.getCause() != null) {
            return reason(e.getCause());
        } else if (e instanceof BufferUnderflowException || e instanceof EOFException) {
            return "it ends too early";
        }
        return e instanceof Exception exception ? ResidualException.reason(exception) : e.toString();
    }

    /** By the file's first bytes, not by its name. */
    private static Decoded decode(byte[] file) throws IOException {
        if (begins(file, 0, "\u00ff\u00d8\u00ff")) {
            return Jpeg.decode(file);
        } else if (begins(file, 0, Png.SIGNATURE)) {
            return Png.decode(file);
        } else if (begins(file, 0, "GIF87a") || begins(file, 0, "GIF89a")) {
            return Gif.decode(file);
        } else if (begins(file, 0, "BM")) {
            return Bmp.decode(file);
        } else if (begins(file, 0, "RIFF") && begins(file, 8, "WEBP")) {
            return Webp.decode(file);
        }
        throw new UnknownFormat();
    }

    private static boolean begins(byte[] file, int at, String magic) {
        return startsWith(ByteBuffer.wrap(file).position(Math.min(at, file.length)), magic);
    }

    /** Whether the bytes that are left begin with these, one a character. */
    static boolean startsWith(ByteBuffer bytes, String magic) {
        return bytes.remaining() >= magic.length()
                && bytes.slice(bytes.position(), magic.length())
                        .equals(ByteBuffer.wrap(magic.getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** Before any memory is taken for them. */
    static void checkSize(long width, long height) throws IOException {
        if (width <= 0 || height <= 0) {
            throw new IOException(width + "×" + height + " pixels");
        }
        if (width > MAX_PIXELS || height > MAX_PIXELS || width * height > MAX_PIXELS) {
            throw new IOException(
                    width + "×" + height + " pixels are more than the " + MAX_PIXELS + " that are decoded at most");
        }
    }

    /** Of pixels with alpha, row by row, which are not copied. */
    static BufferedImage image(int[] argb, int width, int height) {
        int[] masks = {0xff0000, 0xff00, 0xff, 0xff000000};
        DataBufferInt data = new DataBufferInt(argb, argb.length);
        WritableRaster raster = Raster.createPackedRaster(data, width, height, width, masks, null);
        return new BufferedImage(ColorModel.getRGBdefault(), raster, false, null);
    }
}
