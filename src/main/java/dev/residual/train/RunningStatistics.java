package dev.residual.train;

import dev.residual.nn.Weights;
import dev.residual.tensor.Tensors;
import java.util.HashMap;
import java.util.Map;

/**
 * A copy of BN's running statistics. An evaluation in training mode moves them; one that was interrupted must not have.
 *
 * @param values by name
 */
record RunningStatistics(Map<String, float[]> values) {
    static RunningStatistics of(Weights weights) {
        Map<String, float[]> values = new HashMap<>();
        weights.tensors().forEach((parameter, tensor) -> {
            if (!parameter.trained()) {
                values.put(parameter.name(), Tensors.floats(tensor));
            }
        });
        return new RunningStatistics(values);
    }

    void restore(Weights weights) {
        values.forEach((name, floats) -> Tensors.set(weights.get(name), floats));
    }
}
