package dev.residual.data;

import java.util.Random;
import java.util.function.Function;

/**
 * The ten classes of {@link Shapes}. Each can draw its outline, about as large as the unit circle and varied within
 * what still bears the name. No class is told from another by handedness, so that a mirrored image keeps its label.
 */
enum Figure {
    CIRCLE(random -> Polygon.polar(24, t -> 0.9)),
    SQUARE(random -> Polygon.of(-0.8, -0.8, 0.8, -0.8, 0.8, 0.8, -0.8, 0.8)),
    TRIANGLE(random -> Polygon.of(uniform(random, -0.3, 0.3), -1, 0.95, 0.7, -0.95, 0.7)),
    STAR(Figure::star),
    CROSS(Figure::cross),
    HEART(random -> heart()),
    CRESCENT(Figure::crescent),
    DROP(random -> drop()),
    ARROW(Figure::arrow),
    FLOWER(Figure::flower);

    private final Function<Random, Polygon> outline;

    Figure(Function<Random, Polygon> outline) {
        this.outline = outline;
    }

    Polygon outline(Random random) {
        return outline.apply(random);
    }

    private static Polygon star(Random random) {
        int points = 5 + random.nextInt(2);
        double inner = uniform(random, 0.38, 0.5);
        double[] xy = new double[4 * points];
        for (int i = 0; i < 2 * points; i++) {
            double radius = i % 2 == 0 ? 1.1 : 1.1 * inner;
            xy[2 * i] = radius * StrictMath.cos(Math.PI * i / points);
            xy[2 * i + 1] = radius * StrictMath.sin(Math.PI * i / points);
        }
        return Polygon.of(xy);
    }

    private static Polygon cross(Random random) {
        double w = uniform(random, 0.22, 0.38);
        return Polygon.of(w, -1, w, -w, 1, -w, 1, w, w, w, w, 1, -w, 1, -w, w, -1, w, -1, -w, -w, -w, -w, -1);
    }

    private static Polygon heart() {
        // The heart curve: https://mathworld.wolfram.com/HeartCurve.html
        return Polygon.curve(28, t -> {
            double y = 13 * StrictMath.cos(t)
                    - 5 * StrictMath.cos(2 * t)
                    - 2 * StrictMath.cos(3 * t)
                    - StrictMath.cos(4 * t);
            return new double[] {StrictMath.pow(StrictMath.sin(t), 3), -y / 16};
        });
    }

    /** The unit disc less a second disc whose circle meets the first in the two tips. */
    private static Polygon crescent(Random random) {
        double tip = uniform(random, 0.8, 1.3);
        double centre = uniform(random, 0.3, 0.55);
        double innerTip = StrictMath.atan2(StrictMath.sin(tip), StrictMath.cos(tip) - centre);
        double innerRadius = StrictMath.sin(tip) / StrictMath.sin(innerTip);
        int n = 13;
        double[] xy = new double[4 * n];
        for (int i = 0; i < n; i++) {
            double outward = tip + (2 * Math.PI - 2 * tip) * i / (n - 1);
            xy[2 * i] = StrictMath.cos(outward);
            xy[2 * i + 1] = StrictMath.sin(outward);
            // Half a step aside, because the tips are already corners.
            double back = innerTip + (2 * Math.PI - 2 * innerTip) * (n - i - 0.5) / n;
            xy[2 * (n + i)] = centre + innerRadius * StrictMath.cos(back);
            xy[2 * (n + i) + 1] = innerRadius * StrictMath.sin(back);
        }
        return Polygon.of(xy);
    }

    private static Polygon drop() {
        // A teardrop curve: https://mathworld.wolfram.com/TeardropCurve.html
        return Polygon.curve(24, t -> {
            double y = StrictMath.sin(t) * StrictMath.pow(StrictMath.sin(t / 2), 1.5);
            return new double[] {-1.1 * StrictMath.cos(t), 1.1 * y};
        });
    }

    private static Polygon arrow(Random random) {
        double neck = uniform(random, -0.1, 0.35);
        double shaft = uniform(random, 0.16, 0.28);
        double head = uniform(random, 0.6, 0.85);
        return Polygon.of(1.1, 0, neck, head, neck, shaft, -1.1, shaft, -1.1, -shaft, neck, -shaft, neck, -head);
    }

    private static Polygon flower(Random random) {
        int petals = 5 + random.nextInt(2);
        double depth = uniform(random, 0.4, 0.6);
        return Polygon.polar(8 * petals, t -> 1.05 - depth + depth * Math.abs(StrictMath.cos(petals * t / 2)));
    }

    static double uniform(Random random, double low, double high) {
        return low + (high - low) * random.nextDouble();
    }
}
