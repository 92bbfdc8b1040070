package dev.residual.picture;

import java.awt.image.BufferedImage;

/**
 * The largest square in the middle of an image, as a smaller or larger one. Shrinking averages over the area that each
 * new pixel covers; growing interpolates linearly between the centres of the old ones. Rows are read one at a time, so that
 * no copy of a large image is made.
 */
final class Resize {
    private static final int CHANNELS = Photo.CHANNELS;

    private Resize() {}

    /**
     * @param orientation by which it will be turned afterwards
     * @return size×size×3 bytes, RGB, row by row
     */
    static byte[] to(int size, BufferedImage image, Orientation orientation) {
        int side = Math.min(image.getWidth(), image.getHeight());
        int left = before(image.getWidth() - side, orientation.columnsBackwards());
        int top = before(image.getHeight() - side, orientation.rowsBackwards());
        Span[] spans = spans(size, side);
        double[] sums = new double[size * size * CHANNELS];
        double[] narrow = new double[size * CHANNELS];
        RgbRows rows = new RgbRows(image, left, side);
        for (int y = 0; y < side; y++) {
            shrinkRow(rows.read(top + y), spans, narrow);
            for (int i = 0; i < size; i++) {
                double weight = spans[i].weightOf(y);
                for (int j = 0; weight > 0 && j < narrow.length; j++) {
                    sums[i * narrow.length + j] += weight * narrow[j];
                }
            }
        }
        byte[] pixels = new byte[sums.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) Math.round(sums[i]);
        }
        return pixels;
    }

    /** Of an odd number of rows or columns that are left out, the one in the middle is the upright picture's last. */
    private static int before(int leftOut, boolean backwards) {
        return (backwards ? leftOut + 1 : leftOut) / 2;
    }

    private static void shrinkRow(double[] row, Span[] spans, double[] narrow) {
        for (int i = 0; i < spans.length; i++) {
            for (int c = 0; c < CHANNELS; c++) {
                double sum = 0;
                for (int k = 0; k < spans[i].weights.length; k++) {
                    sum += spans[i].weights[k] * row[(spans[i].first + k) * CHANNELS + c];
                }
                narrow[i * CHANNELS + c] = sum;
            }
        }
    }

    /**
     * The old pixels in a row (or column) that make one new one.
     *
     * @param first the first of them
     * @param weights of it and of those that follow; they add up to 1
     */
    private record Span(int first, double... weights) {
        double weightOf(int pixel) {
            int k = pixel - first;
            return k >= 0 && k < weights.length ? weights[k] : 0;
        }
    }

    private static Span[] spans(int size, int side) {
        Span[] spans = new Span[size];
        for (int i = 0; i < size; i++) {
            spans[i] = side >= size ? area(i, size, side) : between(i, size, side);
        }
        return spans;
    }

    /** In units of 1/size of an old pixel, so that all borders are whole: pixel k reaches from size·k to size·(k + 1). */
    private static Span area(int i, int size, int side) {
        long from = (long) i * side;
        long to = from + side;
        int first = (int) (from / size);
        int last = (int) ((to - 1) / size);
        double[] weights = new double[last - first + 1];
        for (int k = 0; k < weights.length; k++) {
            long pixel = (long) (first + k) * size;
            weights[k] = (double) (Math.min(to, pixel + size) - Math.max(from, pixel)) / side;
        }
        return new Span(first, weights);
    }

    private static Span between(int i, int size, int side) {
        double centre = (i + 0.5) * side / size - 0.5;
        int before = (int) Math.floor(centre);
        if (before < 0) {
            return new Span(0, 1);
        }
        return before + 1 < side ? new Span(before, before + 1 - centre, centre - before) : new Span(side - 1, 1);
    }
}
