package dev.residual.picture;

import dev.residual.picture.Decoder.Decoded;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * BMP, of Windows and OS/2. Java's own reader takes memory by what the header claims, decodes other formats inside (past
 * our limits), and takes a run-length encoding that is cut short for whole.
 */
final class Bmp {
    private static final int FILE_HEADER = 14;
    private static final int CORE_HEADER = 12; // OS/2's
    private static final int INFO_HEADER = 40;
    private static final int WITH_ALPHA_MASK = 56;
    private static final int LARGEST_HEADER = 124;

    private static final int RGB = 0;
    private static final int RLE8 = 1;
    private static final int RLE4 = 2;
    private static final int BITFIELDS = 3;

    private static final int OPAQUE = 0xff000000;

    private final ByteBuffer in;
    private int width;
    private int height;
    private boolean topDown;
    private int bits;
    private int compression;
    private Mask red = new Mask(0xff0000);
    private Mask green = new Mask(0xff00);
    private Mask blue = new Mask(0xff);
    private Mask alpha = new Mask(0);
    private final int[] palette = new int[256];
    private int[] canvas;

    /** The bits of a pixel that hold one of its channels. */
    private record Mask(int bits) {
        /** @return 0 to 255 */
        int of(int pixel) {
            int shift = Integer.numberOfTrailingZeros(bits);
            long value = Integer.toUnsignedLong(pixel & bits) >>> shift;
            long max = Integer.toUnsignedLong(bits) >>> shift;
            return max == 255 ? (int) value : max == 0 ? 0 : (int) ((value * 255 + max / 2) / max);
        }
    }

    private Bmp(byte[] file) {
        in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    }

    static Decoded decode(byte[] file) throws IOException {
        Bmp bmp = new Bmp(file);
        bmp.readHeader();
        boolean runs = bmp.compression == RLE8 || bmp.compression == RLE4;
        if (!runs && (long) bmp.stride() * bmp.height > bmp.in.remaining()) {
            throw new BufferUnderflowException();
        }
        bmp.canvas = new int[bmp.width * bmp.height];
        if (runs) {
            bmp.readRuns();
        } else {
            bmp.readRows();
        }
        return new Decoded(Decoder.image(bmp.canvas, bmp.width, bmp.height), Orientation.UPRIGHT);
    }

    private void readHeader() throws IOException {
        if (in.limit() < FILE_HEADER) {
            throw new BufferUnderflowException();
        }
        in.position(FILE_HEADER - 4);
        int offset = in.getInt();
        int header = in.getInt();
        boolean core = header == CORE_HEADER;
        if (!core && (header < INFO_HEADER || header > LARGEST_HEADER)) {
            throw new IOException("a header of " + header + " bytes, expected 12 or 40 to 124");
        }
        width = core ? in.getShort() & 0xffff : in.getInt();
        height = core ? in.getShort() : in.getInt();
        topDown = height < 0;
        height = Math.abs(height);
        Decoder.checkSize(width, height);
        in.getShort(); // planes
        bits = in.getShort();
        compression = core ? RGB : in.getInt();
        checkEncoding();
        int colours = 0;
        if (!core) {
            in.get(new byte[12]); // the data's size and the resolution, on which nobody relies
            colours = in.getInt();
            in.getInt(); // how many of them are important
            readMasks(header);
        }
        in.position(Math.min(in.limit(), Math.max(FILE_HEADER + header, in.position())));
        if (offset < in.position()) {
            throw new IOException("its pixels begin inside its header");
        } else if (offset > in.limit()) {
            throw new BufferUnderflowException();
        }
        readPalette(colours, core ? 3 : 4, offset - in.position());
        in.position(offset);
    }

    private void checkEncoding() throws IOException {
        boolean known =
                switch (compression) {
                    case RGB -> bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
                    case RLE8 -> bits == 8;
                    case RLE4 -> bits == 4;
                    case BITFIELDS -> bits == 16 || bits == 32;
                    default -> false; // a whole JPEG or PNG, meant for printers
                };
        if (!known) {
            throw new IOException(bits + " bits a pixel with compression " + compression
                    + ", expected 1, 4, 8, 16, 24 or 32 with none, run lengths or bit fields");
        }
    }

    /** They stand behind the 40 bytes, whether these are the whole header or not. */
    private void readMasks(int header) {
        if (compression == BITFIELDS) {
            red = new Mask(in.getInt());
            green = new Mask(in.getInt());
            blue = new Mask(in.getInt());
            alpha = new Mask(header >= WITH_ALPHA_MASK ? in.getInt() : 0);
        } else if (bits == 16) {
            red = new Mask(0x7c00);
            green = new Mask(0x3e0);
            blue = new Mask(0x1f);
        }
    }

    /** An index that is beyond the palette is black. */
    private void readPalette(int colours, int entry, int room) {
        Arrays.fill(palette, OPAQUE);
        int count = bits > 8 ? 0 : colours <= 0 ? 1 << bits : Math.min(colours, 1 << bits);
        for (int i = 0; i < Math.min(count, room / entry); i++) {
            int at = in.position() + i * entry;
            palette[i] = OPAQUE | (in.get(at + 2) & 0xff) << 16 | (in.get(at + 1) & 0xff) << 8 | in.get(at) & 0xff;
        }
    }

    /** The bytes of a row: a multiple of four. */
    private int stride() {
        return (int) (((long) width * bits + 31) / 32 * 4);
    }

    private void readRows() {
        for (int row = 0; row < height; row++) {
            int start = in.position() + row * stride();
            int to = index(0, row);
            for (int x = 0; x < width; x++) {
                canvas[to + x] = pixel(start, x);
            }
        }
    }

    private int pixel(int row, int x) {
        if (bits <= 8) {
            int bit = x * bits;
            return palette[in.get(row + bit / 8) >> 8 - bits - bit % 8 & (1 << bits) - 1];
        }
        int at = row + x * bits / 8;
        int value =
                switch (bits) {
                    case 16 -> in.getShort(at);
                    case 24 -> in.getShort(at) & 0xffff | in.get(at + 2) << 16;
                    default -> in.getInt(at);
                };
        int opacity = alpha.bits == 0 ? 255 : alpha.of(value);
        return opacity << 24 | red.of(value) << 16 | green.of(value) << 8 | blue.of(value);
    }

    /** Pixels that are skipped stay transparent, as in browsers. */
    private void readRuns() throws IOException {
        int x = 0;
        int row = 0;
        while (true) {
            int count = in.get() & 0xff;
            int value = in.get() & 0xff;
            if (count > 0) {
                x = run(x, row, count, i -> bits == 8 ? value : i % 2 == 0 ? value >> 4 : value & 15);
            } else if (value == 0) {
                x = 0;
                row++;
            } else if (value == 1) {
                return;
            } else if (value == 2) {
                x += in.get() & 0xff;
                row += in.get() & 0xff;
            } else {
                byte[] literal = new byte[(value * bits + 15) / 16 * 2];
                in.get(literal);
                x = run(x, row, value, i -> bits == 8 ? literal[i] & 0xff : literal[i / 2] >> 4 - i % 2 * 4 & 15);
            }
            if (x > width || row > height) {
                throw new IOException("a run leaves the picture");
            }
        }
    }

    /** @return where it ends */
    private int run(int x, int row, int count, IntUnaryOperator indices) {
        for (int i = 0; i < count && x + i < width && row < height; i++) {
            canvas[index(x + i, row)] = palette[indices.applyAsInt(i)];
        }
        return x + count;
    }

    private int index(int x, int row) {
        return (topDown ? row : height - 1 - row) * width + x;
    }
}
