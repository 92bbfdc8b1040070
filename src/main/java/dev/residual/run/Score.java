package dev.residual.run;

/**
 * How well a network does on a set of images.
 *
 * @param loss mean cross-entropy per image; NaN where there is none
 * @param accuracy percent; NaN where there is none
 */
public record Score(double loss, double accuracy) {
    public static final Score NONE = new Score(Double.NaN, Double.NaN);
}
