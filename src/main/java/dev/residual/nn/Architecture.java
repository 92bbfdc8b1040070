package dev.residual.nn;

import dev.residual.ResidualException;
import dev.residual.graph.Graph;
import dev.residual.graph.GraphBuilder;
import dev.residual.graph.GraphBuilder.Value;
import dev.residual.graph.Shape;
import java.util.List;
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
public record Architecture(int depth, List<Integer> widths, Shortcut shortcut, boolean convBias, int classes) {
    /** Against typing errors and hostile files; the deepest net of the paper has 1202. */
    static final int MAX_DEPTH = 2_000;

    static final int MAX_WIDTH = 4_096;
    static final int MAX_CLASSES = 256;

    /** The images of CIFAR. */
    public static final Shape IMAGE = new Shape(3, 32, 32);

    private static final List<Integer> PAPER_WIDTHS = List.of(16, 32, 64);
    private static final Pattern NAME = Pattern.compile("(resnet|plain|article)(\\d{1,5})");

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
        if (shortcut == Shortcut.A && !(widths.get(0) <= widths.get(1) && widths.get(1) <= widths.get(2))) {
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
            case "resnet" -> new Architecture(depth, PAPER_WIDTHS, Shortcut.A, false, 10);
            case "plain" -> new Architecture(depth, PAPER_WIDTHS, Shortcut.NONE, false, 10);
            default -> new Architecture(depth, PAPER_WIDTHS, Shortcut.ARTICLE, true, 10);
        };
    }

    public Architecture withWidths(List<Integer> other) {
        return new Architecture(depth, other, shortcut, convBias, classes);
    }

    public Architecture withShortcut(Shortcut other) {
        return new Architecture(depth, widths, other, convBias, classes);
    }

    public Architecture withConvBias(boolean biased) {
        return new Architecture(depth, widths, shortcut, biased, classes);
    }

    public Architecture withClasses(int count) {
        return new Architecture(depth, widths, shortcut, convBias, count);
    }

    /** Blocks in each of the three stages: the paper's n. */
    public int n() {
        return (depth - 2) / 6;
    }

    /**
     * The paper's section 4.2: "The first layer is 3×3 convolutions. Then we use a stack of 6n layers with 3×3
     * convolutions on the feature maps of sizes {32, 16, 8} respectively, with 2n layers for each feature map size. The
     * numbers of filters are {16, 32, 64} respectively. The subsampling is performed by convolutions with a stride of 2.
     * The network ends with a global average pooling, a 10-way fully-connected layer, and softmax." (The softmax is in the
     * loss.)
     */
    public Graph graph() {
        GraphBuilder builder = new GraphBuilder(convBias);
        Value images = builder.images(IMAGE);
        Value x = images.convolution("conv1", 3, widths.get(0), 1)
                .batchNorm("bn1")
                .relu();
        for (int stage = 1; stage <= widths.size(); stage++) {
            Value before = x;
            int channels = widths.get(stage - 1);
            boolean shrink = stage > 1;
            x = builder.in("layer" + stage, () -> stage(builder, before, channels, shrink));
        }
        return builder.build(x.globalAveragePool().linear("fc", classes));
    }

    private Value stage(GraphBuilder builder, Value before, int channels, boolean shrink) {
        boolean pool = shrink && shortcut == Shortcut.ARTICLE;
        Value x = pool ? before.convolution("pool", 2, channels, 2) : before;
        for (int i = 0; i < n(); i++) {
            Value input = x;
            int stride = shrink && !pool && i == 0 ? 2 : 1;
            x = builder.in(Integer.toString(i), () -> Block.basic(input, channels, stride, shortcut));
        }
        return x;
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
        if (shortcut == Shortcut.B || shortcut == Shortcut.C) {
            name.append("-").append(shortcut);
        }
        if (convBias != (shortcut == Shortcut.ARTICLE)) {
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
