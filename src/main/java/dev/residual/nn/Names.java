package dev.residual.nn;

import dev.residual.ResidualException;
import dev.residual.nn.Block.Layer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The names of networks. */
public final class Names {
    /** For help texts and messages. */
    public static final String KNOWN = "resnetD, plainD or articleD with D = 6n+2 (resnet20, plain56, article44 …),"
            + " resnet18 or resnet34 (widths 64 to 512), resnet164 or resnet1001 (pre-activated bottlenecks),"
            + " or wrn-D-K with D = 6n+4, such as wrn-28-10";

    private static final Pattern FAMILY = Pattern.compile("(resnet|plain|article)(\\d{1,5})");
    private static final Pattern WIDE = Pattern.compile("wrn-(\\d{1,4})-(\\d{1,3})");

    private Names() {}

    static Architecture architecture(String name) {
        Matcher family = FAMILY.matcher(name);
        Matcher wide = WIDE.matcher(name);
        switch (name) {
            case "resnet18":
                return imageNets(2, 2, 2, 2);
            case "resnet34":
                return imageNets(3, 4, 6, 3);
            case "resnet164":
                return bottlenecks(18);
            case "resnet1001":
                return bottlenecks(111);
            default:
                if (wide.matches()) {
                    return wide(Integer.parseInt(wide.group(1)), Integer.parseInt(wide.group(2)));
                }
        }
        if (!family.matches()) {
            throw new ResidualException("no architecture '" + name + "': expected " + KNOWN);
        }
        Architecture basic = basic(Integer.parseInt(family.group(2)));
        return switch (family.group(1)) {
            case "resnet" -> basic;
            case "plain" -> basic.withShortcut(Shortcut.NONE);
            // "ResNet 实现Cifar-10 识别(PyTorch)以及一点思考"
            default -> basic.withShortcut(Shortcut.ARTICLE).withConvBias(true);
        };
    }

    /** The paper's networks for CIFAR. */
    private static Architecture basic(int depth) {
        if (depth < 8 || depth > Architecture.MAX_DEPTH || (depth - 2) % 6 != 0) {
            throw new ResidualException(
                    "depth " + depth + ": expected 6n+2 with n of at least 1 (8, 14, 20, 32, 44, 56,"
                            + " 110, 1202 …), at most " + Architecture.MAX_DEPTH);
        }
        Stages stages = Stages.equal((depth - 2) / 6, 16, 32, 64);
        return new Architecture(Architecture.CIFAR, stages, Block.basic(16), Shortcut.A, false, 1, 10);
    }

    /**
     * The paper's networks for ImageNet (its table 1), in the form that is common for CIFAR: a first convolution of 3×3
     * without stride and no pooling after it. Projections where the size changes, as in torchvision.
     */
    private static Architecture imageNets(Integer... blocks) {
        Stages stages = new Stages(64, List.of(blocks), List.of(64, 128, 256, 512));
        return new Architecture(Architecture.CIFAR, stages, Block.basic(64), Shortcut.B, false, 1, 10);
    }

    /** He et al. 2016, section 5: full pre-activation, bottlenecks, 9n+2 layers; projections where the size changes. */
    private static Architecture bottlenecks(int n) {
        Block block = Block.bottleneck(16).withActivation(Activation.PRE_ACTIVATION);
        return new Architecture(Architecture.CIFAR, Stages.equal(n, 16, 32, 64), block, Shortcut.B, false, 1, 10);
    }

    /**
     * Zagoruyko, Komodakis: Wide Residual Networks, 2016, table 1: full pre-activation, k times as wide. They count the
     * three projections as layers, hence 6n+4.
     */
    private static Architecture wide(int depth, int k) {
        if (depth < 10 || (depth - 4) % 6 != 0 || k < 1) {
            throw new ResidualException(
                    "wrn-" + depth + "-" + k + ": expected wrn-D-K with D = 6n+4 and K of at least 1");
        }
        int n = (depth - 4) / 6;
        Stages stages = new Stages(16, List.of(n, n, n), List.of(16 * k, 32 * k, 64 * k));
        Block block = Block.basic(16 * k).withActivation(Activation.PRE_ACTIVATION);
        return new Architecture(Architecture.CIFAR, stages, block, Shortcut.B, false, 1, 10);
    }

    /** The known name from which a network differs least; images and classes have no part in it. */
    static String base(Architecture a) {
        int depth = 2 + 2 * a.stages().blocks().stream().mapToInt(n -> n).sum(); // with basic blocks
        String family =
                switch (a.shortcut()) {
                    case NONE -> "plain";
                    case ARTICLE -> "article";
                    default -> "resnet";
                };
        List<String> known = Stream.of(
                        family + depth,
                        "resnet" + depth,
                        "resnet164",
                        "resnet1001",
                        "wrn-" + (a.depth() + 2) + "-" + a.stages().channels().get(0) / 16)
                .filter(Names::isKnown)
                .toList();
        return known.stream()
                .filter(name -> hasBlocksAndStem(architecture(name), a.stages()))
                .min(Comparator.comparingInt(
                        name -> differences(a, architecture(name)).size()))
                .or(() -> Stream.of(family + depth, "resnet" + depth)
                        .filter(known::contains)
                        .findFirst())
                .orElse(family + "20");
    }

    /** These are not changed by any option, so a network cannot be had from a name with others. */
    private static boolean hasBlocksAndStem(Architecture named, Stages stages) {
        return named.stages().blocks().equals(stages.blocks())
                && named.stages().withChannels(stages.channels()).stem() == stages.stem();
    }

    private static boolean isKnown(String name) {
        try {
            architecture(name);
            return true;
        } catch (ResidualException e) {
            return false;
        }
    }

    static String name(Architecture a) {
        String base = base(a);
        List<String> parts = differences(a, architecture(base));
        parts.add(0, base);
        return String.join("-", parts);
    }

    private static List<String> differences(Architecture a, Architecture base) {
        Stages stages = a.stages();
        Stages its = base.stages();
        Activation activation = a.block().activation();
        Map<String, Boolean> differences = new LinkedHashMap<>();
        differences.put(a.shortcut().toString(), a.shortcut() != base.shortcut());
        differences.put(a.convBias() ? "bias" : "nobias", a.convBias() != base.convBias());
        differences.put("n" + joined(stages.blocks()), !stages.blocks().equals(its.blocks()));
        differences.put("w" + joined(stages.channels()), !stages.channels().equals(its.channels()));
        differences.put(
                "stem" + stages.stem(),
                stages.stem() != its.stemBefore(stages.channels().get(0)));
        differences.put("block" + a.block().toString().replace(',', '-'), !sameLayers(a.block(), base.block()));
        differences.put(activation.toString(), activation != base.block().activation());
        differences.put("sd" + a.survival(), a.survival() != 1);
        return differences.entrySet().stream()
                .filter(Map.Entry::getValue)
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** Whether blocks are the same but for their width. */
    private static boolean sameLayers(Block a, Block b) {
        int width = a.layers().get(0).channels();
        int other = b.layers().get(0).channels();
        boolean same = a.layers().size() == b.layers().size();
        for (int i = 0; same && i < a.layers().size(); i++) {
            Layer mine = a.layers().get(i);
            Layer its = b.layers().get(i);
            same = mine.kernel() == its.kernel() && mine.channels() * other == its.channels() * width;
        }
        return same;
    }

    private static String joined(List<Integer> numbers) {
        return numbers.stream().map(Object::toString).collect(Collectors.joining("x"));
    }
}
