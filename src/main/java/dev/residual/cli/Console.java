package dev.residual.cli;

import java.io.PrintStream;
import java.util.regex.Pattern;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarRenderer;

/**
 * The person at the terminal: lines on standard output and, only where standard error is a terminal, a bar that stays
 * below them.
 */
final class Console {
    private static final String TO_LINE_START_AND_CLEAR = "\r\033[K";

    /** Control characters, and those that turn the direction of writing. */
    private static final Pattern CONTROLS = Pattern.compile("[\\p{Cc}\\u2028-\\u202e\\u2066-\\u2069]");

    private final PrintStream out = System.out;
    private final PrintStream err = System.err;

    /** Java cannot tell what standard error is; the launcher can. */
    private final boolean terminal = "1".equals(System.getenv("RESIDUAL_TERMINAL"));

    /** Whether standard output shows 24-bit colours; again the launcher can tell. */
    boolean pictures() {
        return "1".equals(System.getenv("RESIDUAL_PICTURES"));
    }

    boolean terminal() {
        return terminal;
    }

    /** Prints a line above the bar. */
    synchronized void line(String text) {
        if (terminal) {
            err.print(TO_LINE_START_AND_CLEAR);
            err.flush();
        }
        out.println(text);
        out.flush();
    }

    /** A note for the person only: not on standard output. */
    synchronized void note(String text) {
        if (terminal) {
            err.print(TO_LINE_START_AND_CLEAR);
        }
        err.println(text);
        err.flush();
    }

    /** A sentence about something that is wrong but was got over. */
    void warn(String sentence) {
        note("residual: " + sentence);
    }

    /** A name from outside, so that the terminal takes no character of it for a command. */
    static String harmless(String name) {
        return CONTROLS.matcher(name).replaceAll("?");
    }

    /** What a person types to start this program. */
    static String command() {
        String launcher = System.getenv("RESIDUAL_COMMAND");
        return launcher == null ? "residual" : launcher;
    }

    private synchronized void bar(String text) {
        err.print("\r" + text + "\033[K");
        err.flush();
    }

    /** A bar, already started; it is cleared when closed. Only where there is a terminal. */
    ProgressBar start(long from, long max, ProgressBarRenderer renderer) {
        return new ProgressBarBuilder()
                .setInitialMax(max)
                .startsFrom(from, java.time.Duration.ZERO)
                .setUpdateIntervalMillis(200)
                .setRenderer(renderer)
                .setConsumer(new ConsoleProgressBarConsumer(err) {
                    @Override
                    public void accept(String text) {
                        bar(text);
                    }

                    @Override
                    public void close() {
                        bar("");
                    }
                })
                .build();
    }

    /** {@code █▌░} of this many columns. */
    static String gauge(double fraction, int columns) {
        String eighths = " ▏▎▍▌▋▊▉";
        double filled = Math.max(0, Math.min(1, fraction)) * columns;
        int whole = (int) filled;
        StringBuilder gauge = new StringBuilder("█".repeat(whole));
        if (whole < columns) {
            int part = (int) ((filled - whole) * 8);
            gauge.append(part == 0 ? '░' : eighths.charAt(part));
            gauge.append("░".repeat(columns - whole - 1));
        }
        return gauge.toString();
    }
}
