package dev.residual;

import java.util.Locale;

/** Text for people. */
public final class Text {
    private static final int MAX_NAME = 80;

    private Text() {}

    /** A name from outside, fit for one line of a terminal. */
    public static String printable(String name) {
        String plain = name.replaceAll("\\p{C}", "?");
        return plain.length() <= MAX_NAME ? plain : plain.substring(0, MAX_NAME) + "…";
    }

    /** A time span as people say it: {@code 42 s}, {@code 3:07 min}, {@code 2:05 h}. */
    public static String duration(double seconds) {
        if (!Double.isFinite(seconds)) {
            return "–";
        }
        long s = Math.round(seconds);
        if (s < 60) {
            return s + " s";
        }
        long minutes = Math.round(seconds / 60);
        return s < 3600
                ? String.format(Locale.ROOT, "%d:%02d min", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d h", minutes / 60, minutes % 60);
    }

    /** A time span as a clock shows it: {@code 0:42}, {@code 3:07}, {@code 2:05:10}. */
    public static String clock(double seconds) {
        long s = Math.round(seconds);
        return s < 3600
                ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s % 3600 / 60, s % 60);
    }
}
