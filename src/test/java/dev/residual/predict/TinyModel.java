package dev.residual.predict;

import dev.residual.data.Normalization;
import dev.residual.model.Architecture;
import dev.residual.model.Initialization;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.weights.ModelFile;
import dev.residual.weights.ModelFile.Card;
import java.util.List;
import java.util.Map;

/** A narrow network that has learnt nothing, with four classes. */
public final class TinyModel {
    private TinyModel() {}

    public static ModelFile of(long seed) {
        Engine.start();
        Architecture a = new Architecture(8, List.of(4, 8, 8), Architecture.ShortcutKind.A, false, 4);
        Card card = new Card(
                Card.FORMAT,
                a,
                List.of("class 0", "class 1", "class 2", "class 3"),
                new Normalization(
                        Normalization.Kind.CHANNEL, new float[] {.5f, .4f, .3f}, new float[] {.2f, .25f, .3f}),
                Map.of(Card.TEST_ACCURACY, "12.34 %"));
        try (State state = Initialization.he(ResNet.of(a), seed, Device.CPU)) {
            return ModelFile.of(card, state);
        }
    }
}
