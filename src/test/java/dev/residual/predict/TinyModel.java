package dev.residual.predict;

import dev.residual.data.Normalization;
import dev.residual.model.Model;
import dev.residual.model.Model.Card;
import dev.residual.model.Provenance;
import dev.residual.nn.Architecture;
import dev.residual.nn.Initialization;
import dev.residual.nn.Shortcut;
import dev.residual.nn.Weights;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import java.util.List;

/** A narrow network that has learnt nothing, with four classes. */
public final class TinyModel {
    private TinyModel() {}

    public static Model of(long seed) {
        Engine.start();
        Architecture a = Architecture.of("resnet8")
                .withShortcut(Shortcut.A)
                .withWidths(List.of(4, 8, 8))
                .withClasses(4);
        Card card = new Card(
                a,
                List.of("class 0", "class 1", "class 2", "class 3"),
                new Normalization(
                        Normalization.Kind.CHANNEL, new float[] {.5f, .4f, .3f}, new float[] {.2f, .25f, .3f}),
                Provenance.UNKNOWN);
        try (Weights weights = Initialization.he(a.graph(), seed, Device.CPU)) {
            return Model.of(card, weights);
        }
    }
}
