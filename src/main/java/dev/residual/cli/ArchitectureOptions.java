package dev.residual.cli;

import dev.residual.nn.Activation;
import dev.residual.nn.Architecture;
import dev.residual.nn.Block.Layer;
import dev.residual.nn.Shortcut;
import java.util.List;
import picocli.CommandLine.Option;

/** What differs from the named architecture: each of its fields as an option. */
final class ArchitectureOptions {
    @Option(
            names = "--shortcut",
            paramLabel = "KIND",
            description =
                    "A (identity, zeros for new channels), B (projection where the size changes), C (projections),"
                            + " none, or article (identity, with a 2×2 convolution between stages). Default: that"
                            + " of the named architecture.")
    Shortcut shortcut;

    @Option(
            names = "--widths",
            paramLabel = "N",
            split = ",",
            description = "Filters of each stage. Default: 16,32,64.")
    List<Integer> widths;

    @Option(
            names = "--block",
            paramLabel = "KxC",
            split = ",",
            description = "The layers of a block in the first stage, as kernel x channels: 3x16,3x16, or a"
                    + " bottleneck 1x16,3x16,1x64. In later stages the channels scale with the widths.")
    List<Layer> layers;

    @Option(
            names = "--activation",
            paramLabel = "KIND",
            description = "Position of BN and ReLU in a block: original, bn-after-addition, relu-before-addition,"
                    + " no-last-relu, pre-activation (He et al. 2016), or article-listed (the last BN of a block is"
                    + " defined but never called). Default: original.")
    Activation activation;

    @Option(
            names = "--stochastic-depth",
            paramLabel = "P",
            description =
                    "Stochastic depth: survival probability of the last block; for earlier blocks it rises linearly"
                            + " to 1. Huang et al. use 0.5. Default: 1, no block is dropped.")
    Double survival;

    @Option(
            names = "--conv-bias",
            negatable = true,
            description = "Convolutions have biases. Default: no; article networks: yes.")
    Boolean convBias;

    boolean isGiven() {
        return shortcut != null
                || widths != null
                || layers != null
                || activation != null
                || survival != null
                || convBias != null;
    }

    /** @param name such as {@code resnet20} */
    Architecture architecture(String name) {
        return changed(Architecture.of(name));
    }

    /** An architecture with what the options say. */
    Architecture changed(Architecture named) {
        Architecture changed = named;
        if (shortcut != null) {
            changed = changed.withShortcut(shortcut);
        }
        if (widths != null) {
            changed = changed.withWidths(widths);
        }
        if (layers != null) {
            changed = changed.withLayers(layers);
        }
        if (activation != null) {
            changed = changed.withActivation(activation);
        }
        if (survival != null) {
            changed = changed.withSurvival(survival);
        }
        return convBias == null ? changed : changed.withConvBias(convBias);
    }
}
