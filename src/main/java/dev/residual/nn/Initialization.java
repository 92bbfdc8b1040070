package dev.residual.nn;

import dev.residual.graph.Graph;
import dev.residual.graph.Parameter;
import dev.residual.tensor.Device;
import java.util.Arrays;
import java.util.Random;

/**
 * The weights that training starts from: He initialisation, the paper's [13] (He et al.: Delving Deep into Rectifiers,
 * 2015, eq. 10).
 *
 * <p>[13] derives two variants, with the fan-in (eq. 10, the forward signal keeps its variance) and with the fan-out
 * (eq. 14, the gradient does), finds that either alone suffices and uses the first. So does the article
 * ({@code kaiming_normal_}, whose default is the fan-in), and so does this.
 */
public final class Initialization {
    private Initialization() {}

    /**
     * Weights normal with mean 0 and standard deviation √(2 / fan-in), the last layer's too; biases 0; BN's scale 1 and
     * shift 0, its running mean 0 and variance 1.
     *
     * @param seed the same seed gives the same weights, on every machine
     */
    public static Weights he(Graph graph, long seed, Device device) {
        // java.util.Random, because its algorithm is part of its specification and never changes. It draws for one
        // parameter after the other, in the order of the layers.
        Random random = new Random(seed);
        return new Weights(graph, p -> values(p, random), device);
    }

    private static float[] values(Parameter p, Random random) {
        float[] values = new float[Math.toIntExact(p.count())];
        switch (p.role()) {
            case WEIGHT -> {
                double deviation = Math.sqrt(2.0 / p.fanIn());
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) (random.nextGaussian() * deviation);
                }
            }
            case SCALE, RUNNING_VARIANCE -> Arrays.fill(values, 1);
            case BIAS, SHIFT, RUNNING_MEAN -> {}
        }
        return values;
    }
}
