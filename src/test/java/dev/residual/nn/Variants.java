package dev.residual.nn;

import dev.residual.nn.Block.Layer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Small networks of every kind of block, for tests. */
public final class Variants {
    private Variants() {}

    /** Each arrangement of BN and ReLU with some shortcuts, blocks that are not the basic one, and other stages. */
    public static List<Architecture> all() {
        List<Architecture> all = new ArrayList<>();
        for (Activation activation : Activation.values()) {
            for (Shortcut shortcut : List.of(Shortcut.A, Shortcut.B, Shortcut.ARTICLE)) {
                all.add(small(shortcut).withActivation(activation));
            }
        }
        all.add(small(Shortcut.A).withLayers(layers("1x8", "3x8", "1x32")));
        all.add(small(Shortcut.B).withLayers(layers("1x8", "3x8", "1x32")));
        all.add(small(Shortcut.C).withLayers(layers("3x8")));
        all.add(small(Shortcut.NONE).withLayers(layers("5x8", "3x12", "3x8")));
        all.add(Architecture.of("resnet18").withWidths(List.of(8, 16, 16, 32)).withClasses(5));
        return all;
    }

    private static Architecture small(Shortcut shortcut) {
        return Architecture.of("resnet14")
                .withShortcut(shortcut)
                .withWidths(List.of(8, 16, 32))
                .withConvBias(shortcut == Shortcut.ARTICLE)
                .withClasses(5);
    }

    static List<Layer> layers(String... texts) {
        return Stream.of(texts).map(Layer::of).toList();
    }
}
