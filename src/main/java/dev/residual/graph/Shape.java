package dev.residual.graph;

/**
 * The size of one image's feature maps.
 *
 * @param channels feature maps
 * @param height pixels
 * @param width pixels
 */
public record Shape(int channels, int height, int width) {
    /** How many values there are. */
    public long count() {
        return (long) channels * height * width;
    }

    @Override
    public String toString() {
        return channels + "×" + height + "×" + width;
    }
}
