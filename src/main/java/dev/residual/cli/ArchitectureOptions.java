package dev.residual.cli;

import dev.residual.nn.Architecture;
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
                            + " none, or article (a 2×2 convolution between stages, identities). Default: as the name says.")
    Shortcut shortcut;

    @Option(
            names = "--widths",
            paramLabel = "N",
            split = ",",
            description = "Filters of the three stages. Default: 16,32,64.")
    List<Integer> widths;

    @Option(
            names = "--conv-bias",
            negatable = true,
            description = "Convolutions have biases. Default: no; article networks: yes.")
    Boolean convBias;

    boolean isGiven() {
        return shortcut != null || widths != null || convBias != null;
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
        return convBias == null ? changed : changed.withConvBias(convBias);
    }
}
