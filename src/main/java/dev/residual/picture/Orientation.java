package dev.residual.picture;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;

/**
 * How a camera was held, as it notes in a file's EXIF.
 *
 * @param value EXIF's tag 0x0112: 1 to 8 say that the file's first row and first column are the picture's top and left
 *     (as they should be), top and right, bottom and right, bottom and left, left and top, right and top, right and
 *     bottom, left and bottom
 */
record Orientation(int value) {
    static final Orientation UPRIGHT = new Orientation(1);

    /** What goes before EXIF in JPEG and, by some programs, in WebP. */
    static final String EXIF = "Exif\0\0";

    private static final int TAG = 0x0112;
    private static final int SHORT = 3;
    private static final int LONG = 4;

    /**
     * What EXIF says of it; upright where it says nothing or nonsense. EXIF is a TIFF file: byte order, the place of the
     * first directory, entries of 12 bytes.
     */
    static Orientation ofExif(ByteBuffer exif) {
        int start = exif.position() + (Decoder.startsWith(exif, EXIF) ? EXIF.length() : 0);
        ByteBuffer tiff = exif.duplicate().position(start).slice();
        boolean littleEndian = Decoder.startsWith(tiff, "II*\0");
        if (!littleEndian && !Decoder.startsWith(tiff, "MM\0*")) {
            return UPRIGHT;
        }
        tiff.order(littleEndian ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        try {
            int directory = tiff.getInt(4);
            int entries = tiff.getShort(directory) & 0xffff;
            for (int entry = directory + 2; entry < directory + 2 + 12 * entries; entry += 12) {
                if (tiff.getShort(entry) == TAG && tiff.getInt(entry + 4) == 1) {
                    int value =
                            switch (tiff.getShort(entry + 2)) {
                                case SHORT -> tiff.getShort(entry + 8);
                                case LONG -> tiff.getInt(entry + 8);
                                default -> 0;
                            };
                    return value >= 1 && value <= 8 ? new Orientation(value) : UPRIGHT;
                }
            }
        } catch (IndexOutOfBoundsException e) {
            // Damaged, or not there; the picture itself may be whole.
        }
        return UPRIGHT;
    }

    /** Whether the file's rows run from the picture's bottom to its top or, where it is turned, from right to left. */
    boolean rowsBackwards() {
        return Set.of(3, 4, 6, 7).contains(value);
    }

    /** The same of its columns. */
    boolean columnsBackwards() {
        return Set.of(2, 3, 7, 8).contains(value);
    }

    /** Turns and mirrors side×side pixels, so that up is up. */
    byte[] upright(byte[] pixels, int side) {
        boolean turned = value >= 5; // the file's rows are the picture's columns
        int last = side - 1;
        byte[] upright = new byte[pixels.length];
        for (int y = 0; y <= last; y++) {
            for (int x = 0; x <= last; x++) {
                int row = turned ? x : y;
                int column = turned ? y : x;
                int from = (rowsBackwards() ? last - row : row) * side + (columnsBackwards() ? last - column : column);
                int to = y * side + x;
                System.arraycopy(pixels, from * Photo.CHANNELS, upright, to * Photo.CHANNELS, Photo.CHANNELS);
            }
        }
        return upright;
    }
}
