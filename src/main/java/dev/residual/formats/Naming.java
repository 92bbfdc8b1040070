package dev.residual.formats;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names that a state_dict has for a network's parameters and buffers. */
public enum Naming {
    /** As torchvision and the public CIFAR ResNets do, and this program: {@code layer1.0.conv1.weight … fc.bias}. */
    COMMON,
    /** The same, but with {@code linear} for the last layer and {@code shortcut} for projections: akamaster's, kuangliu's. */
    LINEAR,
    /** As the article's code does: {@code ResNetModule.3.ResBlockModules.0.0.0.weight …}. */
    ARTICLE;

    /** Every name in a network of this program. */
    private static final Pattern OURS =
            Pattern.compile("(?:conv1|bn1?|fc|layer\\d\\.\\d+\\.(?:conv\\d|bn\\d|downsample\\.[01])|layer\\d\\.pool)"
                    + "\\.(?:weight|bias|running_mean|running_var)");

    /** The article's network is a Sequential; stages 1 to 3 are its modules 3 to 5. */
    private static final Pattern ARTICLE_NAME = Pattern.compile("ResNetModule\\.(\\d)\\.(.+)");

    private static final Pattern BLOCK =
            Pattern.compile("(layer\\d\\.)?(\\d+\\.)?(conv1|bn1|conv2|bn2|pool|fc)\\.(.+)");

    private static final Map<String, String> TOP = Map.of("conv1", "0", "bn1", "1", "fc", "8");
    private static final Map<String, String> IN_BLOCK = Map.of("conv1", "0.0", "bn1", "0.1", "conv2", "1", "bn2", "2");

    /** The name that this program gives to what another calls so, where a rule is known; otherwise the same name. */
    public static String ours(String foreign) {
        Matcher m = ARTICLE_NAME.matcher(foreign);
        if (m.matches()) {
            int module = Integer.parseInt(m.group(1));
            String stage = "layer" + (module - 2) + ".";
            return switch (module) {
                case 0 -> "conv1." + m.group(2);
                case 1 -> "bn1." + m.group(2);
                case 8 -> "fc." + m.group(2);
                default ->
                    stage
                            + m.group(2)
                                    .replaceFirst("^poolLayer\\.0\\.", "pool.")
                                    .replaceFirst("^ResBlockModules\\.(\\d+)\\.0\\.0\\.", "$1.conv1.")
                                    .replaceFirst("^ResBlockModules\\.(\\d+)\\.0\\.1\\.", "$1.bn1.")
                                    .replaceFirst("^ResBlockModules\\.(\\d+)\\.1\\.", "$1.conv2.")
                                    .replaceFirst("^ResBlockModules\\.(\\d+)\\.2\\.", "$1.bn2.");
            };
        }
        return foreign.replaceFirst("^linear\\.", "fc.").replaceFirst("\\.shortcut\\.", ".downsample.");
    }

    /** Whether the article's code has a name for each of our names. */
    public static boolean isOfArticle(Collection<String> ours) {
        return ours.stream().allMatch(name -> BLOCK.matcher(name).matches());
    }

    public static boolean isOurs(String name) {
        return OURS.matcher(name).matches();
    }

    /**
     * What this naming calls one of our names.
     *
     * @throws IllegalArgumentException when it has no name for it: the article has no projections
     */
    public String of(String ours) {
        if (this == COMMON) {
            return ours;
        }
        if (this == LINEAR) {
            return ours.replaceFirst("^fc\\.", "linear.").replaceFirst("\\.downsample\\.", ".shortcut.");
        }
        Matcher m = BLOCK.matcher(ours);
        if (!m.matches()) {
            throw new IllegalArgumentException("the article has no name for " + ours);
        }
        String layer = m.group(3);
        if (m.group(1) == null) {
            return "ResNetModule." + TOP.get(layer) + "." + m.group(4);
        }
        int module = 2 + (m.group(1).charAt("layer".length()) - '0');
        String inside = layer.equals("pool") ? "poolLayer.0" : "ResBlockModules." + m.group(2) + IN_BLOCK.get(layer);
        return "ResNetModule." + module + "." + inside + "." + m.group(4);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
