package dev.residual.cli;

import dev.residual.run.RunOptions;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
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

    private static final Pattern IN_LINES = Pattern.compile("[" + CONTROLS + "&&[^\\r\\n]]");

    private final PrintStream out = System.out;
    private final PrintStream err = System.err;

    /** Java cannot tell what standard error is; the launcher can. Without it, what Java knows of the other two. */
    private final boolean terminal = System.getenv("RESIDUAL_TERMINAL") == null
            ? System.console() != null
            : "1".equals(System.getenv("RESIDUAL_TERMINAL"));

    /** Whether standard output shows 24-bit colours; again the launcher can tell. */
    boolean pictures() {
        return "1".equals(System.getenv("RESIDUAL_PICTURES"));
    }

    boolean terminal() {
        return terminal;
    }

    /** Prints a line above the bar. What it has from files and names cannot command the terminal. */
    synchronized void line(String text) {
        picture(IN_LINES.matcher(text).replaceAll("?"));
    }

    /** The same, with colours. */
    synchronized void picture(String text) {
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
        err.println(IN_LINES.matcher(text).replaceAll("?"));
        err.flush();
    }

    /** Prints a warning; the command goes on. */
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
        return launcher == null ? "residual" : RunOptions.quoted(launcher);
    }

    private synchronized void bar(String text) {
        err.print("\r" + text + "\033[K");
        err.flush();
    }

    /** A bar, already started; it is cleared when closed. Only where there is a terminal. */
    ProgressBar start(long from, long max, ProgressBarRenderer renderer) {
        return new ProgressBarBuilder()
                .setInitialMax(max)
                .startsFrom(from, Duration.ZERO)
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

    /** Fields beside each other; those at the end that do not fit are left away. The last column stays free. */
    static String fitting(List<String> fields, int columns) {
        StringBuilder line = new StringBuilder();
        for (String field : fields) {
            if (columns > 0 && line.length() + 2 + field.length() >= columns) {
                break;
            }
            line.append(line.isEmpty() ? "" : "  ").append(field);
        }
        return line.toString();
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
