package dev.residual.data;

import static dev.residual.data.Figure.uniform;

import java.util.Random;
import java.util.function.DoubleBinaryOperator;

/**
 * Two colours and the texture that mixes them.
 *
 * @param first red, green and blue, about 0-1
 * @param second the same
 * @param mix the share of {@code second} at a place (x, y), 0-1
 */
record Paint(double[] first, double[] second, DoubleBinaryOperator mix) {
    /** Cells per side of the lattice behind the noise texture: enough for 32 pixels, as none is narrower than 2. */
    private static final int CELLS = 16;

    /** The colour {@code base} with a random texture of up to {@code depth} in each channel. */
    static Paint draw(Random random, double[] base, double depth) {
        double[] second = new double[base.length];
        for (int c = 0; c < base.length; c++) {
            second[c] = base[c] + depth * (2 * random.nextDouble() - 1);
        }
        return new Paint(base, second, texture(random));
    }

    /** Flat, a gradient, stripes, checks or noise. */
    private static DoubleBinaryOperator texture(Random random) {
        int kind = random.nextInt(5);
        double angle = 2 * Math.PI * random.nextDouble();
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        double period = uniform(random, 4, 10);
        double phase = random.nextDouble();
        return switch (kind) {
            case 0 -> (x, y) -> 0;
            case 1 -> {
                double centre = ImageSet.SIZE / 2.0;
                yield (x, y) -> clamp(0.5 + (cos * (x - centre) + sin * (y - centre)) / ImageSet.SIZE);
            }
            case 2 -> (x, y) -> stripe((cos * x + sin * y) / period + phase);
            case 3 ->
                (x, y) -> {
                    double u = stripe((cos * x + sin * y) / period + phase);
                    double v = stripe((cos * y - sin * x) / period + phase);
                    return u + v - 2 * u * v;
                };
            default -> noise(random, period / 2);
        };
    }

    /** Soft-edged stripes of period 1: the share is 1 for half of each period, 0 for the other half. */
    private static double stripe(double t) {
        double triangle = Math.abs(t - Math.floor(t) - 0.5);
        return clamp(0.5 + 8 * (triangle - 0.25));
    }

    /** Value noise: random numbers on a lattice that is {@code step} pixels wide, interpolated between. */
    private static DoubleBinaryOperator noise(Random random, double step) {
        double[] lattice = new double[(CELLS + 1) * (CELLS + 1)];
        for (int i = 0; i < lattice.length; i++) {
            lattice[i] = random.nextDouble();
        }
        return (x, y) -> {
            int column = (int) (x / step);
            int row = (int) (y / step);
            double fx = x / step - column;
            double fy = y / step - row;
            int i = row * (CELLS + 1) + column;
            double above = lattice[i] + fx * (lattice[i + 1] - lattice[i]);
            double below = lattice[i + CELLS + 1] + fx * (lattice[i + CELLS + 2] - lattice[i + CELLS + 1]);
            return above + fy * (below - above);
        };
    }

    private static double clamp(double share) {
        return Math.max(0, Math.min(1, share));
    }
}
