package dev.residual.data;

import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;

/**
 * A closed polygon. The last corner joins the first.
 *
 * @param x the corners' x, to the right
 * @param y the corners' y, downwards as in images
 */
record Polygon(double[] x, double[] y) {
    /** The polygon with the corners (x0, y0), (x1, y1), … */
    static Polygon of(double... xy) {
        double[] x = new double[xy.length / 2];
        double[] y = new double[xy.length / 2];
        for (int i = 0; i < x.length; i++) {
            x[i] = xy[2 * i];
            y[i] = xy[2 * i + 1];
        }
        return new Polygon(x, y);
    }

    /** A curve in polar coordinates, sampled at {@code n} equal angles over one turn (in radians). */
    static Polygon polar(int n, DoubleUnaryOperator radius) {
        return curve(n, t -> {
            double r = radius.applyAsDouble(t);
            return new double[] {r * StrictMath.cos(t), r * StrictMath.sin(t)};
        });
    }

    /** A curve {x(t), y(t)}, sampled at {@code n} equal steps of t from 0 to 2π. */
    static Polygon curve(int n, DoubleFunction<double[]> point) {
        double[] x = new double[n];
        double[] y = new double[n];
        for (int i = 0; i < n; i++) {
            double[] p = point.apply(2 * Math.PI * i / n);
            x[i] = p[0];
            y[i] = p[1];
        }
        return new Polygon(x, y);
    }

    /** This polygon stretched by (scaleX, scaleY), then turned by {@code angle} (radians), then moved by (dx, dy). */
    Polygon placed(double scaleX, double scaleY, double angle, double dx, double dy) {
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        double[] xs = new double[x.length];
        double[] ys = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            double u = scaleX * x[i];
            double v = scaleY * y[i];
            xs[i] = cos * u - sin * v + dx;
            ys[i] = sin * u + cos * v + dy;
        }
        return new Polygon(xs, ys);
    }

    /** The distance of a point from the nearest edge: negative inside, positive outside. */
    double distance(double px, double py) {
        double nearest = Double.MAX_VALUE;
        boolean inside = false;
        for (int i = 0, j = x.length - 1; i < x.length; j = i++) {
            double ex = x[j] - x[i];
            double ey = y[j] - y[i];
            double wx = px - x[i];
            double wy = py - y[i];
            double along = Math.max(0, Math.min(1, (wx * ex + wy * ey) / (ex * ex + ey * ey)));
            double bx = wx - along * ex;
            double by = wy - along * ey;
            nearest = Math.min(nearest, bx * bx + by * by);
            // Even-odd rule: a ray to the right crosses this edge.
            if (y[i] > py != y[j] > py && wx < wy / ey * ex) {
                inside = !inside;
            }
        }
        return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
    }
}
