package dev.residual.cli;

import dev.residual.picture.Photo;
import java.util.List;

/** A picture in a terminal: a character cell is two pixels, an upper half block in one colour on another. */
final class Picture {
    /** Larger ones are shown by every second pixel, or fewer: with the text beside it, this fits into 80 columns. */
    private static final int COLUMNS = 32;

    private static final String RESET = "\033[0m";

    private Picture() {}

    /** Half as many lines as columns, or more where there is more text, which stands on the right. */
    static String of(Photo photo, List<String> text) {
        int step = (photo.side() + COLUMNS - 1) / COLUMNS;
        int columns = photo.side() / step;
        int lines = (columns + 1) / 2;
        StringBuilder picture = new StringBuilder();
        for (int line = 0; line < Math.max(lines, text.size()); line++) {
            int y = 2 * line;
            for (int x = 0; x < columns && line < lines; x++) {
                picture.append("\033[38;2;").append(colour(photo, y * step, x * step)); // of the block
                picture.append("\033[48;2;")
                        .append(colour(photo, Math.min(y + 1, columns - 1) * step, x * step)); // of what is behind it
                picture.append('▀');
            }
            picture.append(line < lines ? RESET : " ".repeat(columns));
            picture.append("  ").append(line < text.size() ? text.get(line) : "");
            picture.append(System.lineSeparator());
        }
        return picture.toString();
    }

    private static String colour(Photo photo, int y, int x) {
        int i = (y * photo.side() + x) * Photo.CHANNELS;
        byte[] p = photo.pixels();
        return (p[i] & 0xff) + ";" + (p[i + 1] & 0xff) + ";" + (p[i + 2] & 0xff) + "m";
    }
}
