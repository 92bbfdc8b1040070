package dev.residual.nn;

import dev.residual.model.Model;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;

/** What a model computes, by {@link TorchNet}. */
public final class Logits {
    private Logits() {}

    /** @param images N×3×32×32, normalised */
    public static float[] of(Model model, float[] images) {
        try (Scope scope = Scope.noGrad()) {
            TorchNet net = new TorchNet(model.architecture(), p -> model.floats(p.name()), false);
            return Tensors.floats(net.logits(Tensors.of(images, images.length / 3072, 3, 32, 32)));
        }
    }
}
