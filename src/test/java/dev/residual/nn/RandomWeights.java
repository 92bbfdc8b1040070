package dev.residual.nn;

import dev.residual.graph.Parameter;
import java.util.Random;

/** Values such as a trained network has: weights by fan-in, the rest around 0 or, what must be positive, around 1. */
public final class RandomWeights {
    private final Random random;

    public RandomWeights(long seed) {
        random = new Random(seed);
    }

    public float[] of(Parameter p) {
        float[] values = new float[Math.toIntExact(p.count())];
        for (int i = 0; i < values.length; i++) {
            double n = random.nextGaussian();
            values[i] = (float)
                    switch (p.role()) {
                        case WEIGHT -> n * Math.sqrt(2.0 / p.fanIn());
                        case SCALE, RUNNING_VARIANCE -> Math.exp(0.3 * n);
                        case BIAS, SHIFT, RUNNING_MEAN -> 0.3 * n;
                    };
        }
        return values;
    }
}
