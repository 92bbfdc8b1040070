package dev.residual.model;

import java.util.function.Function;

/**
 * A convolution that does what another one and the BN behind it do in evaluation mode. There BN is one factor and one
 * summand a channel, γ / √(σ² + ε) and β - μ γ / √(σ² + ε), and both can be part of the filter and its bias.
 *
 * @param weights O×I×H×W
 * @param biases O
 */
public record FoldedConvolution(float[] weights, float[] biases) {
    /**
     * Computed in double and rounded once.
     *
     * @param biases may be missing
     * @param numbers gives BN's numbers by name
     */
    public static FoldedConvolution of(
            float[] weights, float[] biases, BatchNorm2d bn, Function<String, float[]> numbers) {
        float[] scale = numbers.apply(bn.name() + ".weight");
        float[] shift = numbers.apply(bn.name() + ".bias");
        float[] mean = numbers.apply(bn.name() + ".running_mean");
        float[] variance = numbers.apply(bn.name() + ".running_var");
        float[] foldedWeights = new float[weights.length];
        float[] foldedBiases = new float[bn.channels()];
        int fanIn = weights.length / bn.channels();
        for (int o = 0; o < bn.channels(); o++) {
            double factor = scale[o] / Math.sqrt(variance[o] + BatchNorm2d.EPSILON);
            for (int i = o * fanIn; i < (o + 1) * fanIn; i++) {
                foldedWeights[i] = (float) (weights[i] * factor);
            }
            double bias = biases == null ? 0 : biases[o];
            foldedBiases[o] = (float) (shift[o] + (bias - mean[o]) * factor);
        }
        return new FoldedConvolution(foldedWeights, foldedBiases);
    }
}
