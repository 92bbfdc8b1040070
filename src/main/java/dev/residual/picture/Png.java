package dev.residual.picture;

import dev.residual.picture.Decoder.Decoded;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * PNG. Its chunks are read here, and Java's reader gets only those that make pixels: a few bytes of compressed text can
 * unfold to gigabytes. Of an animation this leaves the default picture.
 */
final class Png {
    static final String SIGNATURE = "\u0089PNG\r\n\u001a\n";

    private static final int GREY = 0;
    private static final int PALETTE = 3;
    private static final String NO_WARNING = "";

    private byte[] header = {};
    private byte[] palette = {};
    private byte[] transparency = {};
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private Orientation orientation = Orientation.UPRIGHT;

    private Png() {}

    static Decoded decode(byte[] file) throws IOException {
        Png png = new Png();
        ByteBuffer in = ByteBuffer.wrap(file).position(SIGNATURE.length());
        boolean more = true;
        while (more) {
            more = png.readChunk(in);
        }
        return new Decoded(Library.PNG.read(png.picked(), NO_WARNING, reader -> reader.read(0)), png.orientation);
    }

    /** @return whether another one must follow */
    private boolean readChunk(ByteBuffer in) throws IOException {
        int length = in.getInt();
        if (length < 0 || length > in.remaining() - 8) {
            throw new BufferUnderflowException();
        }
        CRC32 crc = new CRC32();
        crc.update(in.array(), in.position(), 4 + length);
        byte[] type = new byte[4];
        byte[] content = new byte[length];
        in.get(type).get(content);
        boolean whole = in.getInt() == (int) crc.getValue();
        String name = new String(type, StandardCharsets.ISO_8859_1);
        switch (name) {
            case "IHDR" -> header = content;
            case "PLTE" -> palette = content;
            case "tRNS" -> transparency = content;
            case "IDAT" -> data.writeBytes(content);
            case "eXIf" -> orientation = Orientation.ofExif(ByteBuffer.wrap(content));
            default -> whole = true; // or not: nobody looks into it
        }
        if (!whole) {
            throw new IOException("its " + name + " chunk is damaged: the checksum is another");
        }
        return !name.equals("IEND");
    }

    /** The file with nothing but what makes its pixels. */
    private byte[] picked() throws IOException {
        ByteBuffer size = ByteBuffer.wrap(header);
        Decoder.checkSize(size.getInt(), size.getInt());
        int bits = size.get();
        if (size.get() == GREY && bits >= 1 && bits <= 8 && transparency.length == 2) {
            greyAsPalette(bits);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(SIGNATURE.getBytes(StandardCharsets.ISO_8859_1));
        write(out, "IHDR", header);
        if (header[9] == PALETTE) {
            if (palette.length == 0) {
                throw new IOException("it has no palette");
            }
            write(out, "PLTE", palette);
        }
        if (transparency.length > 0) {
            write(out, "tRNS", transparency);
        }
        write(out, "IDAT", data.toByteArray());
        write(out, "IEND", new byte[0]);
        return out.toByteArray();
    }

    /** Java's reader looks for the transparent grey among levels that it has already stretched to 8 bits. */
    private void greyAsPalette(int bits) {
        int levels = 1 << bits;
        int transparent = ByteBuffer.wrap(transparency).getShort() & 0xffff;
        header[9] = PALETTE;
        palette = new byte[3 * levels];
        transparency = new byte[levels];
        for (int i = 0; i < levels; i++) {
            Arrays.fill(palette, 3 * i, 3 * i + 3, (byte) (i * 255 / (levels - 1)));
            transparency[i] = (byte) (i == transparent ? 0 : 255);
        }
    }

    private static void write(ByteArrayOutputStream out, String type, byte[] content) {
        byte[] name = type.getBytes(StandardCharsets.ISO_8859_1);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(content);
        out.writeBytes(ByteBuffer.allocate(8).putInt(content.length).put(name).array());
        out.writeBytes(content);
        out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
