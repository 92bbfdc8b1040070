package dev.residual.cli;

import dev.residual.picture.Photo;
import java.util.List;

/** A picture in a terminal: a character cell is two pixels, an upper half block in one colour on another. */
final class Picture {
    private static final String RESET = "\033[0m";

    private Picture() {}

    /** As many columns as pixels, half as many lines, with text on the right. */
    static String of(Photo photo, List<String> text) {
        StringBuilder picture = new StringBuilder();
        for (int y = 0; y < photo.side(); y += 2) {
            for (int x = 0; x < photo.side(); x++) {
                picture.append("\033[38;2;").append(colour(photo, y, x)); // of the block
                picture.append("\033[48;2;")
                        .append(colour(photo, Math.min(y + 1, photo.side() - 1), x)); // of what is behind it
                picture.append('▀');
            }
            int line = y / 2;
            picture.append(RESET).append("  ").append(line < text.size() ? text.get(line) : "");
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
