package dev.residual.model;

/**
 * The size of one image's feature maps.
 *
 * @param channels feature maps
 * @param height pixels
 * @param width pixels
 */
public record Shape(int channels, int height, int width) {
    @Override
    public String toString() {
        return channels + "×" + height + "×" + width;
    }
}
