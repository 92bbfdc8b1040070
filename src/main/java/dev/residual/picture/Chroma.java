package dev.residual.picture;

/**
 * Lossy WebP has one value of chroma for each square of four pixels. libwebp, and so Pillow and browsers, interpolates
 * between them; the library repeats them, and this makes up for it.
 */
final class Chroma {
    private static final float RED = 0.299f; // shares of luma
    private static final float GREEN = 0.587f;
    private static final float BLUE = 0.114f;

    private final int across;
    private final int down;
    private final float[] red; // of each square: how much the channel differs from luma
    private final float[] blue;

    private Chroma(int[] rgb, int width, int height) {
        across = (width + 1) / 2;
        down = (height + 1) / 2;
        red = new float[across * down];
        blue = new float[across * down];
        float[] weights = new float[across * down];
        for (int n = 0; n < rgb.length; n++) {
            int square = n / width / 2 * across + n % width / 2;
            float weight = isCut(rgb[n]) ? 0.001f : 1;
            red[square] += weight * ((rgb[n] >> 16 & 0xff) - luma(rgb[n]));
            blue[square] += weight * ((rgb[n] & 0xff) - luma(rgb[n]));
            weights[square] += weight;
        }
        for (int square = 0; square < weights.length; square++) {
            red[square] /= weights[square];
            blue[square] /= weights[square];
        }
    }

    /** In place. */
    static void interpolate(int[] rgb, int width, int height) {
        Chroma chroma = new Chroma(rgb, width, height);
        for (int n = 0; n < rgb.length; n++) {
            float luma = luma(rgb[n]);
            float red = chroma.between(chroma.red, n % width, n / width);
            float blue = chroma.between(chroma.blue, n % width, n / width);
            float green = -(RED * red + BLUE * blue) / GREEN;
            rgb[n] = 0xff000000 | channel(luma + red) << 16 | channel(luma + green) << 8 | channel(luma + blue);
        }
    }

    private static float luma(int rgb) {
        return RED * (rgb >> 16 & 0xff) + GREEN * (rgb >> 8 & 0xff) + BLUE * (rgb & 0xff);
    }

    /** Whether a channel may have been beyond what a byte can hold, so that little is known of the chroma. */
    private static boolean isCut(int rgb) {
        return (rgb & 0xff) % 255 == 0 || (rgb >> 8 & 0xff) % 255 == 0 || (rgb >> 16 & 0xff) % 255 == 0;
    }

    /** Linearly between the centres of the squares. */
    private float between(float[] values, int x, int y) {
        int near = x / 2;
        int nearRow = y / 2 * across;
        int far = Math.max(0, Math.min(across - 1, near + x % 2 * 2 - 1));
        int farRow = Math.max(0, Math.min(down - 1, y / 2 + y % 2 * 2 - 1)) * across;
        return (9 * values[nearRow + near]
                        + 3 * values[nearRow + far]
                        + 3 * values[farRow + near]
                        + values[farRow + far])
                / 16;
    }

    private static int channel(float value) {
        return Math.max(0, Math.min(255, Math.round(value)));
    }
}
