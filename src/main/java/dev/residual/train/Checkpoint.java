package dev.residual.train;

import dev.residual.model.State;
import dev.residual.tensor.Tensors;
import dev.residual.weights.ModelFile;
import dev.residual.weights.Safetensors.NamedTensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A run at one instant: all that is needed to go on as if nothing had happened.
 *
 * @param model the network, as a model file holds it
 * @param memory the optimizer's, by its names
 */
public record Checkpoint(Progress progress, ModelFile model, Map<String, NamedTensor> memory) {
    /** Takes a copy of everything as it is now. */
    static Checkpoint of(Progress progress, ModelFile.Card card, State state, Optimizer optimizer) {
        Map<String, NamedTensor> memory = new LinkedHashMap<>();
        optimizer.memory().forEach((name, t) -> memory.put(name, NamedTensor.of(Tensors.floats(t), t.shape())));
        return new Checkpoint(progress, ModelFile.of(card, state), memory);
    }

    /** Gives the optimizer back what it remembered. */
    void restore(Optimizer optimizer) {
        optimizer
                .memory()
                .forEach((name, tensor) -> Tensors.set(tensor, memory.get(name).floats()));
    }
}
