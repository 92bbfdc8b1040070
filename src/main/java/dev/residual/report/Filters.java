package dev.residual.report;

/**
 * The weights of the first convolution.
 *
 * @param weights O×I×H×W
 * @param out O, how many filters
 * @param in I, over how many channels of the image; three are shown as red, green, blue
 */
public record Filters(float[] weights, int out, int in, int height, int width) {
    public Filters {
        if (weights.length != (long) out * in * height * width) {
            throw new IllegalArgumentException(
                    weights.length + " weights, but " + out + "×" + in + "×" + height + "×" + width);
        }
    }

    float at(int o, int i, int y, int x) {
        return weights[((o * in + i) * height + y) * width + x];
    }

    /** The largest magnitude of a weight; 0 when there is none. */
    float largest() {
        float largest = 0;
        for (float w : weights) {
            largest = Math.max(largest, Math.abs(w));
        }
        return largest;
    }
}
