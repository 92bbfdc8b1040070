package dev.residual.picture;

import dev.residual.ResidualException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A picture of any size as the network looks at it: the largest square in its middle, shrunk or grown to 32×32 pixels.
 * What is transparent lies over white. Colour profiles are not applied.
 *
 * @param pixels 32×32×3 unsigned bytes (RGB, 0-255), row by row
 */
public record Photo(byte[] pixels) {
    /** Height and width. */
    public static final int SIZE = 32;

    public static final int CHANNELS = 3;

    static final int BYTES = SIZE * SIZE * CHANNELS;

    /** The largest file that is read. */
    static final int MAX_BYTES = 64 << 20;

    public Photo {
        if (pixels.length != BYTES) {
            throw new IllegalArgumentException(pixels.length + " bytes, expected " + BYTES);
        }
    }

    public static Photo of(BufferedImage image) {
        return new Photo(Resize.to32(image));
    }

    /**
     * Reads a JPEG, PNG, BMP, GIF or WebP file, whatever its name ends in; of an animation the first frame. A camera's
     * orientation mark (EXIF) is followed.
     *
     * @throws ResidualException when it cannot be read, is none of these, is damaged or cut short, has more than 64 MiB or
     *     2²⁶ pixels, or needs more memory than there is
     */
    public static Photo read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return read(in, file.toString());
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    /** The same from a file's bytes. */
    public static Photo read(byte[] file) {
        return read(new ByteArrayInputStream(file), "the image");
    }

    /**
     * The same from a stream, which is read to its end.
     *
     * @param name begins the sentence of an error
     */
    public static Photo read(InputStream in, String name) {
        try {
            byte[] file = in.readNBytes(MAX_BYTES + 1);
            if (file.length > MAX_BYTES) {
                throw new ResidualException(name + ": larger than the " + MAX_BYTES + " bytes that are read at most");
            }
            return new Photo(Decoder.decode(file, name));
        } catch (IOException e) {
            throw new ResidualException("cannot read " + name + ": " + ResidualException.reason(e), e);
        } catch (OutOfMemoryError e) {
            throw new ResidualException(name + ": there is not enough memory to decode it", e);
        }
    }
}
