package dev.residual.picture;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DirectColorModel;

/**
 * Rows of an image as red, green and blue from 0 to 255, over white where it is transparent.
 *
 * <p>The channels are taken as they are in the image, of whatever depth, and not by {@link BufferedImage#getRGB}, which
 * takes grey for linear light and makes 128 into 188, and converts from colour profiles pixel by pixel. Data sets are
 * commonly made without regard to profiles.
 */
final class RgbRows {
    private static final double WHITE = 255;

    private final BufferedImage image;
    private final int left;
    private final int width;

    /** Whether the channels are RGB or grey, with or without alpha; otherwise (palettes, say) Java converts. */
    private final boolean plain;

    private final double[] rgb;
    private int[] samples;

    /** Of a part of each row: {@code width} pixels from {@code left} on. */
    RgbRows(BufferedImage image, int left, int width) {
        this.image = image;
        this.left = left;
        this.width = width;
        plain = isPlain(image.getColorModel());
        rgb = new double[width * Photo.CHANNELS];
        samples = new int[width * (plain ? image.getRaster().getNumBands() : 1)];
    }

    private static boolean isPlain(ColorModel colors) {
        int space = colors.getColorSpace().getType();
        int type = colors.getTransferType();
        return (colors instanceof ComponentColorModel || colors instanceof DirectColorModel)
                && (space == ColorSpace.TYPE_RGB || space == ColorSpace.TYPE_GRAY)
                && (type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT || type == DataBuffer.TYPE_INT)
                && !colors.isAlphaPremultiplied();
    }

    /** @return three values per pixel; valid until the next row is read */
    double[] read(int y) {
        if (plain) {
            readSamples(y);
        } else {
            image.getRGB(left, y, width, 1, samples, 0, width);
            for (int x = 0; x < width; x++) {
                int argb = samples[x];
                set(x, argb >> 16 & 0xff, argb >> 8 & 0xff, argb & 0xff, (argb >>> 24) / 255.0);
            }
        }
        return rgb;
    }

    private void readSamples(int y) {
        samples = image.getRaster().getPixels(left, y, width, 1, samples);
        ColorModel colors = image.getColorModel();
        int bands = image.getRaster().getNumBands();
        int channels = colors.getNumColorComponents();
        for (int x = 0; x < width; x++) {
            double alpha = colors.hasAlpha() ? fraction(x, bands - 1, bands) : 1;
            double first = fraction(x, 0, bands);
            if (channels == 1) {
                set(x, 255 * first, 255 * first, 255 * first, alpha);
            } else {
                set(x, 255 * first, 255 * fraction(x, 1, bands), 255 * fraction(x, 2, bands), alpha);
            }
        }
    }

    /** A sample from 0 to 1. */
    private double fraction(int x, int band, int bands) {
        int bits = image.getSampleModel().getSampleSize(band);
        return (samples[x * bands + band] & 0xffffffffL) / (double) ((1L << bits) - 1);
    }

    private void set(int x, double red, double green, double blue, double alpha) {
        rgb[3 * x] = alpha * red + (1 - alpha) * WHITE;
        rgb[3 * x + 1] = alpha * green + (1 - alpha) * WHITE;
        rgb[3 * x + 2] = alpha * blue + (1 - alpha) * WHITE;
    }
}
