package dev.residual.cli;

import org.jline.utils.WCWidth;

/** Text by the columns that it takes in a terminal: two for a Chinese character, none for an accent. */
final class Columns {
    private Columns() {}

    static int of(String text) {
        return text.codePoints().map(Columns::of).sum();
    }

    private static int of(int codePoint) {
        return Math.max(0, WCWidth.wcwidth(codePoint));
    }

    /** With spaces behind it. */
    static String padded(String text, int columns) {
        return text + " ".repeat(Math.max(0, columns - of(text)));
    }

    /** As much of the beginning as fits. */
    static String cut(String text, int columns) {
        StringBuilder beginning = new StringBuilder();
        int taken = 0;
        for (int codePoint : text.codePoints().toArray()) {
            taken += of(codePoint);
            if (taken > columns) {
                break;
            }
            beginning.appendCodePoint(codePoint);
        }
        return beginning.toString();
    }

    /** What is too long ends in {@code …}. */
    static String start(String text, int columns) {
        return of(text) <= columns ? text : cut(text, columns - 1) + "…";
    }

    /** What is too long begins with {@code …}: what a path ends with says more than its beginning. */
    static String end(String text, int columns) {
        if (of(text) <= columns) {
            return text;
        }
        int[] codePoints = text.codePoints().toArray();
        int from = codePoints.length;
        for (int taken = 1; from > 0 && taken + of(codePoints[from - 1]) <= columns; from--) {
            taken += of(codePoints[from - 1]);
        }
        return "…" + new String(codePoints, from, codePoints.length - from);
    }
}
