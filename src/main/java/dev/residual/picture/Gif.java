package dev.residual.picture;

import dev.residual.picture.Decoder.Decoded;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * GIF: its first frame on its canvas, which is transparent around it. Java's own reader gives the frame alone, takes what
 * ends early for whole, and needs a minute for a hostile file.
 */
final class Gif {
    private static final int EXTENSION = 0x21;
    private static final int GRAPHIC_CONTROL = 0xf9;
    private static final int FRAME = 0x2c;
    private static final int TRAILER = 0x3b;
    private static final int OPAQUE = 0xff000000;

    private static final int MAX_CODES = 4096;

    /** Where an interlaced frame's rows begin, and how far apart they are, in each pass. */
    private static final int[][] PASSES = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};

    private final ByteBuffer in;
    private int transparent = -1;
    private BufferedImage image;

    private Gif(byte[] file) {
        in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).position(6); // behind the signature
    }

    static Decoded decode(byte[] file) throws IOException {
        Gif gif = new Gif(file);
        gif.read();
        return new Decoded(gif.image, Orientation.UPRIGHT);
    }

    /** To the end, though the first frame is enough, so that no file that is cut short passes. */
    private void read() throws IOException {
        int width = in.getShort() & 0xffff;
        int height = in.getShort() & 0xffff;
        int flags = in.get();
        in.getShort(); // background, which nobody paints any more, and aspect
        int[] palette = palette(flags);
        int block;
        do {
            block = in.get() & 0xff;
            switch (block) {
                case EXTENSION -> readExtension();
                case FRAME -> readFrame(width, height, palette);
                case TRAILER, 0 -> {} // some programs put a zero more between blocks
                default -> throw new IOException("there is no block of kind " + block + ", at byte " + in.position());
            }
        } while (block != TRAILER);
        if (image == null) {
            throw new IOException("it has no frame");
        }
    }

    /** Colours with alpha, as many as indices can name; null where there are none. */
    private int[] palette(int flags) {
        if ((flags & 0x80) == 0) {
            return null;
        }
        int[] colours = new int[256];
        Arrays.fill(colours, OPAQUE);
        for (int i = 0; i < 2 << (flags & 7); i++) {
            colours[i] = OPAQUE | (in.get() & 0xff) << 16 | (in.get() & 0xff) << 8 | in.get() & 0xff;
        }
        return colours;
    }

    private void readExtension() {
        boolean graphicControl = (in.get() & 0xff) == GRAPHIC_CONTROL;
        byte[] content = blocks();
        if (graphicControl && content.length >= 4 && image == null) {
            transparent = (content[0] & 1) == 1 ? content[3] & 0xff : -1;
        }
    }

    /** Blocks of up to 255 bytes with their lengths before them, the last of none. */
    private byte[] blocks() {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (int length = in.get() & 0xff; length > 0; length = in.get() & 0xff) {
            byte[] block = new byte[length];
            in.get(block);
            content.writeBytes(block);
        }
        return content.toByteArray();
    }

    private void readFrame(int screenWidth, int screenHeight, int[] globalPalette) throws IOException {
        int left = in.getShort() & 0xffff;
        int top = in.getShort() & 0xffff;
        int width = in.getShort() & 0xffff;
        int height = in.getShort() & 0xffff;
        int flags = in.get();
        int[] localPalette = palette(flags);
        int codeSize = in.get();
        byte[] codes = blocks();
        if (image != null) {
            return;
        }
        int[] palette = localPalette == null ? globalPalette : localPalette;
        if (palette == null) {
            throw new IOException("it has no palette");
        }
        if (transparent >= 0) {
            palette[transparent] = 0;
        }
        int canvasWidth = Math.max(screenWidth, left + width); // as Pillow and browsers widen it for a first frame
        int canvasHeight = Math.max(screenHeight, top + height);
        Decoder.checkSize(width, height);
        Decoder.checkSize(canvasWidth, canvasHeight);
        byte[] indices = unpack(codes, codeSize, width * height);
        int[] canvas = new int[canvasWidth * canvasHeight];
        image = Decoder.image(canvas, canvasWidth, canvasHeight);
        int from = 0;
        for (int[] pass : (flags & 0x40) == 0 ? new int[][] {{0, 1}} : PASSES) {
            for (int y = pass[0]; y < height; y += pass[1]) {
                int to = (top + y) * canvasWidth + left;
                for (int x = 0; x < width; x++) {
                    canvas[to++] = palette[indices[from++] & 0xff];
                }
            }
        }
    }

    /** LZW, of codes that grow from {@code codeSize + 1} bits to 12. */
    private static byte[] unpack(byte[] codes, int codeSize, int pixels) throws IOException {
        if (codeSize < 1 || codeSize > 8) {
            throw new IOException("codes of " + codeSize + " bits, expected 1 to 8");
        }
        int clear = 1 << codeSize;
        int end = clear + 1;
        // A code stands for the string of another one and a byte behind it.
        int[] prefix = new int[MAX_CODES];
        byte[] last = new byte[MAX_CODES];
        byte[] first = new byte[MAX_CODES];
        int[] length = new int[MAX_CODES];
        for (int i = 0; i < clear; i++) {
            last[i] = first[i] = (byte) i;
            length[i] = 1;
        }
        byte[] out = new byte[pixels];
        int size = codeSize + 1;
        int next = end + 1;
        int previous = -1;
        Bits bits = new Bits(ByteBuffer.wrap(codes));
        for (int n = 0; n < pixels; ) {
            int code = bits.read(size);
            if (code == clear) {
                size = codeSize + 1;
                next = end + 1;
                previous = -1;
                continue;
            }
            if (code == end) {
                throw new IOException("its frame ends too early");
            }
            if (code > next || code == next && previous < 0 || code >= clear && previous < 0) {
                throw new IOException("its frame is damaged: a code that is not defined yet");
            }
            if (previous >= 0 && next < MAX_CODES) {
                prefix[next] = previous;
                first[next] = first[previous];
                last[next] = first[code == next ? previous : code];
                length[next] = length[previous] + 1;
                next++;
                if (next == 1 << size && size < 12) {
                    size++;
                }
            }
            for (int at = n + length[code] - 1, c = code; at >= n; at--, c = prefix[c]) {
                if (at < pixels) {
                    out[at] = last[c];
                }
            }
            n += length[code];
            previous = code;
        }
        return out;
    }
}
