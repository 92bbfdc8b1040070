package dev.residual.backend;

import dev.residual.tensor.Natives;
import dev.residual.tensor.Scope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Filters in the order in which oneDNN wants them for inference: plans for other numbers of images share them. */
final class PackedFilters implements AutoCloseable {
    private final Natives natives = new Natives();

    /** Several of a layer: another number of images may have another order. */
    private final Map<String, List<Tensor>> byLayer = new HashMap<>();

    /** @param layer its name, and whatever else decides the order */
    synchronized Tensor of(String layer, ConvolutionPrimitives primitives, Tensor weight) {
        try (Scope scope = Scope.inference()) {
            Tensor packed = primitives.packed(weight);
            List<Tensor> known = byLayer.computeIfAbsent(layer, k -> new ArrayList<>());
            for (Tensor other : known) {
                if (torch.equal(other, packed)) {
                    return other;
                }
            }
            known.add(natives.own(packed));
            return packed;
        }
    }

    @Override
    public void close() {
        natives.close();
        byLayer.clear();
    }
}
