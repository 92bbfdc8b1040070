package dev.residual.data;

import dev.residual.ResidualException;
import dev.residual.tensor.Device;
import dev.residual.tensor.Tensors;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Each image of a minibatch mixed with another of it, and its label likewise (Zhang et al.: mixup: Beyond Empirical Risk
 * Minimization, 2017): λ·own + (1 − λ)·partner's. As in its authors' code there is one λ a minibatch, from Beta(α, α), and
 * the partners are the same images in another order.
 *
 * <p>λ is at least ½ here: exchanging λ and 1 − λ only exchanges who is whose partner. So the image's own label is that of
 * its larger part, by which the training accuracy is counted.
 *
 * @param lambda from ½ to 1
 * @param partners for each image of the minibatch
 */
public record Mixup(double lambda, int[] partners) {
    private static final double MAX_ALPHA = 4; // above, it is nearly always half and half

    private static final long MIXUP = 0x6d69787570L; // "mixup", which keeps these draws apart from others

    static void requireAlpha(double alpha) {
        ResidualException.require(
                alpha == 0 || alpha >= 0.01 && alpha <= MAX_ALPHA,
                "mixup " + alpha + ": expected 0 or from 0.01 to " + MAX_ALPHA);
    }

    /** Always the same for the same numbers. */
    static Mixup draw(double alpha, long seed, int epoch, int firstPosition, int images) {
        long own = Seed.mix(seed, MIXUP, epoch, firstPosition);
        double lambda = beta(alpha, new Random(own));
        return new Mixup(Math.max(lambda, 1 - lambda), Seed.permutation(images, Seed.mix(own)));
    }

    /** A number of Beta(α, α), by Jöhnk's method (1964); StrictMath, so that it is the same on every machine. */
    private static double beta(double alpha, Random random) {
        while (true) {
            double x = StrictMath.pow(random.nextDouble(), 1 / alpha);
            double y = StrictMath.pow(random.nextDouble(), 1 / alpha);
            if (x + y > 0 && x + y <= 1) {
                return x / (x + y);
            }
        }
    }

    /** @param values one row per image, whatever its shape and type */
    public Tensor apply(Tensor values) {
        long[] order = IntStream.of(partners).asLongStream().toArray();
        Tensor others = values.index_select(0, Device.of(values).move(Tensors.of(order)));
        return values.mul(new Scalar(lambda)).add_(others, new Scalar(1 - lambda));
    }
}
