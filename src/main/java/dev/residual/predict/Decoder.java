package dev.residual.predict;

import dev.residual.ResidualException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Image files to pixels, within limits, and with one sentence about what cannot be read. */
final class Decoder {
    /** More pixels than this are not decoded: 8,192×8,192, which take half a gigabyte at 16 bits a channel with alpha. */
    static final long MAX_PIXELS = 1L << 26;

    private static final List<String> FORMATS = List.of("jpeg", "png", "bmp", "gif", "webp");

    private Decoder() {}

    /**
     * @param name begins the sentence of an error
     * @throws ResidualException when it is no image of a known format, damaged, or too large
     */
    static BufferedImage decode(byte[] file, String name) {
        try (ImageInputStream in = new Bounded(file)) {
            ImageReader reader = reader(in, name);
            try {
                return decode(reader, in, name);
            } finally {
                reader.dispose();
            }
        } catch (ResidualException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // readers throw all kinds when a file is damaged
            throw new ResidualException(name + ": cannot be decoded: " + ResidualException.reason(e), e);
        }
    }

    /** By the file's first bytes, not by its name. */
    private static ImageReader reader(ImageInputStream in, String name) throws IOException {
        for (Iterator<ImageReader> readers = ImageIO.getImageReaders(in); readers.hasNext(); ) {
            ImageReader reader = readers.next();
            if (FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
                return reader;
            }
            reader.dispose();
        }
        throw new ResidualException(name + ": not an image that can be read: expected JPEG, PNG, BMP, GIF or WebP");
    }

    private static BufferedImage decode(ImageReader reader, ImageInputStream in, String name) throws IOException {
        List<String> warnings = new ArrayList<>();
        reader.setInput(in, true, true); // without metadata, which may be compressed without bound
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
        long width = reader.getWidth(0);
        long height = reader.getHeight(0);
        if (width * height > MAX_PIXELS) {
            throw new ResidualException(name + ": " + width + "×" + height + " pixels are more than the " + MAX_PIXELS
                    + " that are decoded at most");
        }
        BufferedImage image = reader.read(0);
        // The JPEG reader fills what is missing with grey, and calls that a warning.
        if (warnings.stream().anyMatch(w -> w.contains("premature end"))) {
            throw new ResidualException(name + ": cannot be decoded: it ends too early");
        }
        return image;
    }

    /**
     * Fails for good when read past its end again and again: the reader of lossless WebP takes the end for zeros, and
     * with some damaged files asks for more of them for ever.
     */
    private static final class Bounded extends MemoryCacheImageInputStream {
        private static final int MAX_READS_PAST_THE_END = 1024;

        private int readsPastTheEnd;

        Bounded(byte[] file) {
            super(new ByteArrayInputStream(file));
        }

        @Override
        public int read() throws IOException {
            return counted(super.read());
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return counted(super.read(bytes, offset, length));
        }

        private int counted(int read) {
            if (read < 0 && ++readsPastTheEnd > MAX_READS_PAST_THE_END) {
                throw new IllegalStateException("it ends too early"); // unchecked: the reader catches the checked ones
            }
            return read;
        }
    }
}
