package dev.residual.picture;

import dev.residual.ResidualException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A picture of any size as the network looks at it: the largest square in its middle, shrunk or grown to the size that the
 * network takes.
 * What is transparent lies over white. Colour profiles are not applied.
 *
 * @param side height and width
 * @param pixels height×width×3 unsigned bytes (RGB, 0-255), row by row
 */
public record Photo(int side, byte[] pixels) {
    public static final int CHANNELS = 3;

    /** The largest height and width of what a network is shown. */
    public static final int MAX_SIDE = 512;

    /** The largest file that is read. */
    public static final int MAX_BYTES = 64 << 20;

    public Photo {
        if (side < 1 || side > MAX_SIDE || pixels.length != side * side * CHANNELS) {
            throw new IllegalArgumentException(pixels.length + " bytes for " + side + "×" + side + " pixels");
        }
    }

    public static Photo of(BufferedImage image, int side) {
        return new Photo(side, Resize.to(side, image, Orientation.UPRIGHT));
    }

    /**
     * Reads a JPEG, PNG, BMP, GIF or WebP file, whatever its name ends in; of an animation the first frame. A camera's
     * orientation mark (EXIF) is followed.
     *
     * @throws ResidualException when it cannot be read, is none of these, is damaged or cut short, has more than 64 MiB or
     *     2²⁶ pixels, or needs more memory than there is
     */
    public static Photo read(Path file, int side) {
        try (InputStream in = Files.newInputStream(file)) {
            return read(in, file.toString(), side);
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    /** The same from a file's bytes. */
    public static Photo read(byte[] file, int side) {
        return read(new ByteArrayInputStream(file), "the image", side);
    }

    /**
     * The same from a stream, which is read to its end.
     *
     * @param name for error messages
     */
    public static Photo read(InputStream in, String name, int side) {
        try {
            byte[] file = in.readNBytes(MAX_BYTES + 1);
            if (file.length > MAX_BYTES) {
                throw new ResidualException(name + ": larger than the " + MAX_BYTES + " bytes that are read at most");
            }
            return new Photo(side, Decoder.decode(file, name, side));
        } catch (IOException e) {
            throw new ResidualException("cannot read " + name + ": " + ResidualException.reason(e), e);
        } catch (OutOfMemoryError e) {
            throw new ResidualException(name + ": there is not enough memory to decode it", e);
        }
    }
}
