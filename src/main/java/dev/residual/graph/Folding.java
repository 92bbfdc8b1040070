package dev.residual.graph;

import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Operation.StochasticDepth;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A network for inference, in which each BN that follows a convolution is part of it. There BN is one scale and one
 * shift per channel, γ / √(σ² + ε) and β − μ γ / √(σ² + ε), and both can be part of the filters and their biases. A BN
 * that follows anything else stays. Stochastic depth's factor becomes part of the
 * convolution before it in the same way.
 *
 * @param weights of the graph, by the names of its parameters and buffers, row-major
 */
public record Folding(Graph graph, Map<String, float[]> weights) {
    /** @param weights gives those of the graph by name; left as they are */
    public static Folding of(Graph graph, Function<String, float[]> weights) {
        Map<String, float[]> folded = new HashMap<>();
        Graph smaller = Fusion.fuse(graph, (first, second) -> {
            if (first instanceof Convolution conv && second instanceof BatchNorm bn) {
                fold(conv, bn, weights, folded);
                return Optional.of(new Convolution(
                        conv.name(), conv.in(), conv.out(), conv.kernel(), conv.stride(), true, conv.epilogue()));
            }
            return Optional.empty();
        });
        smaller = Fusion.fuse(smaller, (first, second) -> {
            if (first instanceof Convolution conv && second instanceof StochasticDepth depth) {
                conv.parameters()
                        .forEach(p -> folded.compute(
                                p.name(),
                                (name, values) ->
                                        scaled(values == null ? weights.apply(name) : values, depth.survival())));
                return Optional.of(conv);
            }
            return Optional.empty();
        });
        smaller.parameters().forEach(p -> folded.computeIfAbsent(p.name(), weights));
        return new Folding(smaller, folded);
    }

    private static float[] scaled(float[] values, double factor) {
        float[] scaled = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            scaled[i] = (float) (values[i] * factor);
        }
        return scaled;
    }

    /** Computed in double and rounded once. */
    private static void fold(
            Convolution conv, BatchNorm bn, Function<String, float[]> weights, Map<String, float[]> folded) {
        float[] filters = weights.apply(conv.name() + ".weight");
        float[] biases = conv.bias() ? weights.apply(conv.name() + ".bias") : new float[conv.out()];
        float[] scale = weights.apply(bn.name() + ".weight");
        float[] shift = weights.apply(bn.name() + ".bias");
        float[] mean = weights.apply(bn.name() + ".running_mean");
        float[] variance = weights.apply(bn.name() + ".running_var");
        float[] foldedFilters = new float[filters.length];
        float[] foldedBiases = new float[biases.length];
        int fanIn = filters.length / conv.out();
        for (int o = 0; o < conv.out(); o++) {
            double factor = scale[o] / Math.sqrt(variance[o] + BatchNorm.EPSILON);
            for (int i = o * fanIn; i < (o + 1) * fanIn; i++) {
                foldedFilters[i] = (float) (filters[i] * factor);
            }
            foldedBiases[o] = (float) (shift[o] + (biases[o] - (double) mean[o]) * factor);
        }
        folded.put(conv.name() + ".weight", foldedFilters);
        folded.put(conv.name() + ".bias", foldedBiases);
    }
}
