package dev.residual.data;

import java.util.Locale;

/**
 * How a training image is varied each time it is shown. The paper: "4 pixels are padded on each side, and a 32×32 crop is
 * randomly sampled from the padded image or its horizontal flip".
 */
public enum Augmentation {
    NONE(false, false),
    CROP(true, false),
    FLIP(false, true),
    /** The paper's and the article's. */
    CROP_FLIP(true, true);

    /** Pixels of padding on each side, and so the largest shift. */
    public static final int PADDING = 4;

    private final boolean crop;
    private final boolean flip;

    Augmentation(boolean crop, boolean flip) {
        this.crop = crop;
        this.flip = flip;
    }

    /**
     * Which window of the padded image is shown, and whether mirrored.
     *
     * @param dy rows that the window lies below the image's own, from -4 to 4
     * @param dx columns that it lies to the right, from -4 to 4
     */
    public record View(int dy, int dx, boolean mirrored) {
        /** The original image. */
        public static final View ORIGINAL = new View(0, 0, false);
    }

    /** Draws the view of the image that comes at this position of this epoch; always the same for the same numbers. */
    public View draw(long seed, int epoch, int position) {
        if (this == NONE) {
            return View.ORIGINAL;
        }
        long bits = Seed.mix(seed, epoch, position);
        int range = 2 * PADDING + 1;
        // 31 bits for each shift: the unevenness of the remainder is below 1e-8.
        int dy = crop ? (int) ((bits & 0x7fffffff) % range) - PADDING : 0;
        int dx = crop ? (int) ((bits >>> 31 & 0x7fffffff) % range) - PADDING : 0;
        return new View(dy, dx, flip && bits < 0);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
