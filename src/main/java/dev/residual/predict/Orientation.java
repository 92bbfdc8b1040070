package dev.residual.predict;

import dev.residual.data.ImageSet;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * How a camera was held, as it notes in a JPEG file.
 *
 * @param value EXIF's tag 0x0112: 1 to 8 say that the file's first row and first column are the picture's top and left
 *     (as they should be), top and right, bottom and right, bottom and left, left and top, right and top, right and
 *     bottom, left and bottom
 */
record Orientation(int value) {
    private static final Orientation UPRIGHT = new Orientation(1);

    private static final int APP1 = 0xffe1;
    private static final int START_OF_SCAN = 0xffda;
    private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
    private static final int TAG = 0x0112;

    /** What a JPEG file says of it; upright where it says nothing or nonsense, and for all other files. */
    static Orientation of(byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file);
        if (file.length < 4 || in.getShort() != (short) 0xffd8) {
            return UPRIGHT;
        }
        // Segments: a marker, a length that counts itself, bytes.
        while (in.remaining() >= 4) {
            int marker = in.getShort() & 0xffff;
            int length = (in.getShort() & 0xffff) - 2;
            if (marker < 0xff00 || marker == START_OF_SCAN || length < 0 || length > in.remaining()) {
                return UPRIGHT;
            }
            ByteBuffer segment = in.slice().limit(length);
            if (marker == APP1
                    && length > EXIF.length
                    && segment.slice().limit(EXIF.length).equals(ByteBuffer.wrap(EXIF))) {
                return ofTiff(segment.position(EXIF.length).slice());
            }
            in.position(in.position() + length);
        }
        return UPRIGHT;
    }

    /** EXIF is a TIFF file: byte order, the place of the first directory, entries of 12 bytes. */
    private static Orientation ofTiff(ByteBuffer tiff) {
        try {
            tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
            int directory = tiff.getInt(4);
            int entries = tiff.getShort(directory) & 0xffff;
            for (int i = 0; i < entries; i++) {
                int entry = directory + 2 + 12 * i;
                int value = tiff.getShort(entry + 8);
                if (tiff.getShort(entry) == TAG && value >= 1 && value <= 8) {
                    return new Orientation(value);
                }
            }
        } catch (IndexOutOfBoundsException e) {
            // Damaged, or not there; the picture itself may be whole.
        }
        return UPRIGHT;
    }

    /** Turns and mirrors 32×32 pixels, so that up is up. */
    byte[] upright(byte[] pixels) {
        boolean turned = value >= 5; // the file's rows are the picture's columns
        boolean rowsBackwards = Set.of(3, 4, 6, 7).contains(value);
        boolean columnsBackwards = Set.of(2, 3, 7, 8).contains(value);
        int last = ImageSet.SIZE - 1;
        byte[] upright = new byte[pixels.length];
        for (int y = 0; y <= last; y++) {
            for (int x = 0; x <= last; x++) {
                int row = turned ? x : y;
                int column = turned ? y : x;
                int from = (rowsBackwards ? last - row : row) * ImageSet.SIZE
                        + (columnsBackwards ? last - column : column);
                int to = y * ImageSet.SIZE + x;
                System.arraycopy(pixels, from * ImageSet.CHANNELS, upright, to * ImageSet.CHANNELS, ImageSet.CHANNELS);
            }
        }
        return upright;
    }
}
