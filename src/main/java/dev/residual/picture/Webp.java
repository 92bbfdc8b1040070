package dev.residual.picture;

import dev.residual.picture.Decoder.Decoded;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * WebP, of an animation its first frame, on a canvas that is transparent around it. The chunks are read here, and the
 * library gets only what is lossy: it knows neither where a frame lies nor all ways to store what is transparent, and it
 * applies colour profiles.
 */
final class Webp {
    private static final int RIFF_HEADER = 8;
    private static final int FRAME_HEADER = 16;
    private static final int ALPHA = 0x10; // a flag of the extended header
    private static final int LOSSY_HEADER = 10;
    private static final int LOSSY_START = 0x2a019d;
    private static final int LOSSLESS_HEADER = 5;
    private static final int LOSSLESS_START = 0x2f;
    private static final Set<String> KNOWN = Set.of("VP8X", "ANMF", "ALPH", "VP8 ", "VP8L", "EXIF");
    private static final String NO_WARNING = "";

    private Webp() {}

    static Decoded decode(byte[] file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        Map<String, ByteBuffer> chunks = chunks(part(in, RIFF_HEADER + 4, in.getInt(4) - 4)); // behind "WEBP"
        ByteBuffer exif = chunks.get("EXIF");
        return new Decoded(image(chunks), exif == null ? Orientation.UPRIGHT : Orientation.ofExif(exif));
    }

    /** The first of each name. */
    private static Map<String, ByteBuffer> chunks(ByteBuffer in) {
        Map<String, ByteBuffer> chunks = new HashMap<>();
        while (in.hasRemaining()) {
            byte[] name = new byte[4];
            in.get(name);
            int length = in.getInt();
            ByteBuffer content = part(in, in.position(), length);
            String chunk = new String(name, StandardCharsets.ISO_8859_1);
            if (KNOWN.contains(chunk)) {
                chunks.putIfAbsent(chunk, content);
            }
            in.position(Math.min(in.limit(), in.position() + length + length % 2));
        }
        return chunks;
    }

    private static ByteBuffer part(ByteBuffer in, int from, int length) {
        if (length < 0 || length > in.limit() - from) {
            throw new BufferUnderflowException();
        }
        return in.slice(from, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static BufferedImage image(Map<String, ByteBuffer> chunks) throws IOException {
        ByteBuffer extended = chunks.get("VP8X");
        boolean alpha = extended != null && (extended.get(0) & ALPHA) != 0;
        ByteBuffer animated = chunks.get("ANMF");
        Map<String, ByteBuffer> chunksOfFrame =
                animated == null ? chunks : chunks(part(animated, FRAME_HEADER, animated.limit() - FRAME_HEADER));
        Frame frame = frame(chunksOfFrame, alpha);
        int left = animated == null ? 0 : 2 * threeBytes(animated, 0);
        int top = animated == null ? 0 : 2 * threeBytes(animated, 3);
        int width = extended == null ? frame.width : 1 + threeBytes(extended, 4);
        int height = extended == null ? frame.height : 1 + threeBytes(extended, 7);
        Decoder.checkSize(width, height);
        boolean same = width == frame.width && height == frame.height;
        if (animated == null && !same || left + frame.width > width || top + frame.height > height) {
            throw new IOException("its picture of " + frame.width + "×" + frame.height
                    + " pixels does not fit on its canvas of " + width + "×" + height);
        }
        int[] canvas = same ? frame.argb : new int[width * height];
        for (int y = 0; y < frame.height && !same; y++) {
            System.arraycopy(frame.argb, y * frame.width, canvas, (top + y) * width + left, frame.width);
        }
        return Decoder.image(canvas, width, height);
    }

    private static int threeBytes(ByteBuffer in, int at) {
        return in.getShort(at) & 0xffff | (in.get(at + 2) & 0xff) << 16;
    }

    private record Frame(int width, int height, int[] argb) {}

    private static Frame frame(Map<String, ByteBuffer> chunks, boolean alpha) throws IOException {
        if (chunks.containsKey("VP8L")) {
            return lossless(chunks.get("VP8L"));
        } else if (chunks.containsKey("VP8 ")) {
            Frame frame = lossy(chunks.get("VP8 "));
            if (alpha && chunks.containsKey("ALPH")) {
                setAlpha(frame, chunks.get("ALPH"));
            }
            return frame;
        }
        throw new IOException("it has no picture");
    }

    private static Frame lossless(ByteBuffer in) throws IOException {
        int header = in.getInt(1);
        int width = 1 + (header & 0x3fff);
        int height = 1 + (header >> 14 & 0x3fff);
        boolean opaque = (header >> 28 & 1) == 0;
        if (in.get(0) != LOSSLESS_START || header >>> 29 != 0) {
            throw new IOException("its lossless picture begins otherwise than any that is known");
        }
        Decoder.checkSize(width, height);
        int[] argb = LosslessWebp.decode(in.position(LOSSLESS_HEADER), width, height);
        for (int i = 0; i < argb.length && opaque; i++) {
            argb[i] |= 0xff000000;
        }
        return new Frame(width, height, argb);
    }

    private static Frame lossy(ByteBuffer in) throws IOException {
        int tag = threeBytes(in, 0);
        boolean shownKeyFrame = (tag & 0b10001) == 0b10000;
        if (!shownKeyFrame || threeBytes(in, 3) != LOSSY_START) {
            throw new IOException("its lossy picture begins otherwise than any that is known");
        }
        int width = in.getShort(6) & 0x3fff;
        int height = in.getShort(8) & 0x3fff;
        Decoder.checkSize(width, height);
        int firstPartition = tag >> 5;
        if (firstPartition > in.limit() - LOSSY_HEADER) {
            throw new BufferUnderflowException();
        }
        ByteBuffer file = ByteBuffer.allocate(20 + in.limit() + in.limit() % 2).order(ByteOrder.LITTLE_ENDIAN);
        file.put("RIFF".getBytes(StandardCharsets.ISO_8859_1)).putInt(file.capacity() - RIFF_HEADER);
        file.put("WEBPVP8 ".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(in.limit())
                .put(in);
        BufferedImage image = Library.VP8.read(file.array(), NO_WARNING, reader -> reader.read(0));
        int[] rgb = image.getRGB(0, 0, width, height, null, 0, width);
        Chroma.interpolate(rgb, width, height);
        return new Frame(width, height, rgb);
    }

    /** As it is or as the green of a lossless picture, and filtered or not (RFC 9649). */
    private static void setAlpha(Frame frame, ByteBuffer in) throws IOException {
        int header = in.get();
        byte[] alpha = new byte[frame.argb.length];
        switch (header & 3) {
            case 0 -> in.get(alpha);
            case 1 -> {
                int[] green = LosslessWebp.decode(in.slice(), frame.width, frame.height);
                for (int i = 0; i < alpha.length; i++) {
                    alpha[i] = (byte) (green[i] >> 8);
                }
            }
            default -> throw new IOException("its alpha is compressed in a way that is not known");
        }
        for (int i = 0; i < alpha.length; i++) {
            alpha[i] += (byte) expected(alpha, i, frame.width, header >> 2 & 3);
            frame.argb[i] = frame.argb[i] & 0xffffff | alpha[i] << 24;
        }
    }

    /** What the filter lets expect of a value by those above and on the left. */
    private static int expected(byte[] alpha, int i, int width, int filter) {
        boolean first = i % width == 0;
        int left = first ? 0 : alpha[i - 1] & 0xff;
        int top = i < width ? 0 : alpha[i - width] & 0xff;
        if (filter == 0) {
            return 0;
        } else if (first || i < width) {
            return left + top; // of which one, at least, is not there
        }
        int topLeft = alpha[i - width - 1] & 0xff;
        return switch (filter) {
            case 1 -> left;
            case 2 -> top;
            default -> Math.max(0, Math.min(255, left + top - topLeft));
        };
    }
}
