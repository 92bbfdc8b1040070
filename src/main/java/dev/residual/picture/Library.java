package dev.residual.picture;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** The readers that others wrote, and which those are, whatever else an application has plugged into Java's ImageIO. */
enum Library {
    JPEG("jpeg", "com.sun."),
    PNG("png", "com.sun."),
    VP8("webp", "com.twelvemonkeys.");

    private final String format;
    private final String maker;

    Library(String format, String maker) {
        this.format = format;
        this.maker = maker;
    }

    interface Reading<T> {
        T of(ImageReader reader) throws IOException;
    }

    /**
     * Reads strictly: what a library only warns of is an error.
     *
     * @param harmless the pattern of warnings that are not
     */
    <T> T read(byte[] file, String harmless, Reading<T> reading) throws IOException {
        ImageReader reader = reader();
        List<String> warnings = new ArrayList<>();
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(in, true, true);
            reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
            T read = reading.of(reader);
            warnings.removeIf(warning -> warning.matches(harmless));
            if (!warnings.isEmpty()) {
                throw new IOException(warnings.get(0));
            }
            return read;
        } finally {
            reader.dispose();
        }
    }

    private ImageReader reader() {
        for (Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format); readers.hasNext(); ) {
            ImageReader reader = readers.next();
            if (reader.getOriginatingProvider().getClass().getName().startsWith(maker)) {
                return reader;
            }
            reader.dispose();
        }
        throw new IllegalStateException("no reader of " + format + " by " + maker);
    }
}
