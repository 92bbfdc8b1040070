package dev.residual.model;

import dev.residual.ResidualException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which network: everything that decides what its layers are, and nothing about how it is trained.
 *
 * @param depth weighted layers, 6n+2: a first convolution, three stages of n blocks of two, a fully connected layer
 * @param widths filters of the three stages; the paper's are 16, 32, 64
 * @param shortcut what goes around each pair of layers
 * @param convBias whether convolutions have biases; the paper's have none, since BN follows them
 * @param classes outputs of the last layer
 */
public record Architecture(int depth, List<Integer> widths, ShortcutKind shortcut, boolean convBias, int classes) {
    /** Against typing errors and hostile files; the deepest net of the paper has 1202. */
    static final int MAX_DEPTH = 2_000;

    static final int MAX_WIDTH = 4_096;
    static final int MAX_CLASSES = 256;

    private static final List<Integer> PAPER_WIDTHS = List.of(16, 32, 64);
    private static final Pattern NAME = Pattern.compile("(resnet|plain|article)(\\d{1,5})");

    /** What goes around each pair of layers. */
    public enum ShortcutKind {
        /** Identity; zeros for new channels. What the paper uses on CIFAR. */
        A,
        /** Identity; a projection where the size changes. */
        B,
        /** A projection around every pair. */
        C,
        /** None: the paper's plain networks. */
        NONE,
        /** Identities only: a 2×2 convolution with stride 2 stands before stages 2 and 3, as the article has it. */
        ARTICLE;

        @Override
        public String toString() {
            return name().length() == 1 ? name() : name().toLowerCase(Locale.ROOT);
        }
    }

    public Architecture {
        widths = List.copyOf(widths);
        if (depth < 8 || depth > MAX_DEPTH || (depth - 2) % 6 != 0) {
            throw new ResidualException(
                    "depth " + depth + ": expected 6n+2 with n of at least 1 (8, 14, 20, 32, 44, 56,"
                            + " 110, 1202 …), at most " + MAX_DEPTH);
        }
        if (widths.size() != 3 || widths.stream().anyMatch(w -> w < 1 || w > MAX_WIDTH)) {
            throw new ResidualException("widths " + widths + ": expected three numbers from 1 to " + MAX_WIDTH);
        }
        if (shortcut == ShortcutKind.A && !(widths.get(0) <= widths.get(1) && widths.get(1) <= widths.get(2))) {
            throw new ResidualException("widths " + widths + ": shortcut A pads channels, so they cannot get fewer");
        }
        if (classes < 2 || classes > MAX_CLASSES) {
            throw new ResidualException(classes + " classes: expected from 2 to " + MAX_CLASSES);
        }
    }

    /**
     * The network of that name, for ten classes.
     *
     * @param name {@code resnetD} (the paper's, shortcut A), {@code plainD} (without shortcuts) or {@code articleD} (the
     *     article's), with D = 6n+2
     */
    public static Architecture of(String name) {
        Matcher m = NAME.matcher(name);
        if (!m.matches()) {
            throw new ResidualException("no architecture '" + name
                    + "': expected resnetD, plainD or articleD with D = 6n+2, such as resnet20, plain56 or article44");
        }
        int depth = Integer.parseInt(m.group(2));
        return switch (m.group(1)) {
            case "resnet" -> new Architecture(depth, PAPER_WIDTHS, ShortcutKind.A, false, 10);
            case "plain" -> new Architecture(depth, PAPER_WIDTHS, ShortcutKind.NONE, false, 10);
            default -> new Architecture(depth, PAPER_WIDTHS, ShortcutKind.ARTICLE, true, 10);
        };
    }

    /** Blocks in each of the three stages: the paper's n. */
    public int n() {
        return (depth - 2) / 6;
    }

    /** The name that {@link #of} knows, followed by what differs from it. */
    public String name() {
        String family =
                switch (shortcut) {
                    case NONE -> "plain";
                    case ARTICLE -> "article";
                    default -> "resnet";
                };
        StringBuilder name = new StringBuilder(family + depth);
        if (shortcut == ShortcutKind.B || shortcut == ShortcutKind.C) {
            name.append("-").append(shortcut);
        }
        if (convBias != (shortcut == ShortcutKind.ARTICLE)) {
            name.append(convBias ? "-bias" : "-nobias");
        }
        if (!widths.equals(PAPER_WIDTHS)) {
            name.append("-w")
                    .append(widths.get(0))
                    .append("x")
                    .append(widths.get(1))
                    .append("x")
                    .append(widths.get(2));
        }
        return name.toString();
    }
}
