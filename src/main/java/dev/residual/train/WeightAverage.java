package dev.residual.train;

import dev.residual.graph.Graph;
import dev.residual.nn.Weights;
import dev.residual.tensor.Scope;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;

/**
 * An exponential moving average of a network's weights and of BN's statistics over the iterations, as PyTorch's
 * AveragedModel computes it with {@code get_ema_multi_avg_fn} and {@code use_buffers}: after the first step it is a copy,
 * and then average ← decay·average + (1 − decay)·weights.
 */
final class WeightAverage implements AutoCloseable {
    private final Weights weights;
    private final Weights average;
    private final double decay;

    /**
     * @param start of the average, by name
     * @param weights that are trained
     */
    WeightAverage(Graph graph, Function<String, float[]> start, Weights weights, double decay) {
        this.weights = weights;
        this.decay = decay;
        average = new Weights(graph, p -> start.apply(p.name()), weights.device());
    }

    /** @param iteration steps taken before the one that has just been taken */
    void update(long iteration) {
        try (Scope scope = Scope.inference()) {
            Scalar part = new Scalar(iteration == 0 ? 1 : 1 - decay);
            average.trained().all().lerp_(weights.trained().all(), part);
            average.tensors().forEach((parameter, tensor) -> {
                if (!average.trained().views().containsKey(parameter.name())) {
                    tensor.lerp_(weights.get(parameter.name()), part);
                }
            });
        }
    }

    Weights average() {
        return average;
    }

    @Override
    public void close() {
        average.close();
    }
}
