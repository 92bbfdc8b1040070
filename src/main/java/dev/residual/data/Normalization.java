package dev.residual.data;

import java.util.Locale;
import java.util.OptionalInt;

/**
 * What is done to a pixel before the network sees it: {@code (value / 255 - mean) / std}.
 *
 * @param kind how mean and standard deviation were found
 * @param mean in units of value / 255: one number per channel, or C×H×W numbers, one per pixel and channel
 * @param std in units of value / 255, one number per channel
 */
public record Normalization(Kind kind, float[] mean, float[] std) {
    /** Where mean and std come from. */
    public enum Kind {
        /** Values 0-1 as they are, which is what the article trains on. */
        NONE,
        /** Each channel's mean and standard deviation over the training set; the usual choice today. */
        CHANNEL,
        /** "with the per-pixel mean subtracted": the paper's choice, which does not divide by a standard deviation. */
        PIXEL_MEAN;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    public Normalization {
        if (mean.length != ImageSet.bytes(side(mean)) || mean.length == 0 || std.length != ImageSet.CHANNELS) {
            throw new IllegalArgumentException(mean.length + " means and " + std.length
                    + " deviations: expected one mean a channel, or a pixel and channel of a square, and "
                    + ImageSet.CHANNELS + " deviations");
        }
        for (float s : std) {
            if (!(s > 0 && Float.isFinite(s))) {
                throw new IllegalArgumentException("a standard deviation of " + s);
            }
        }
        for (float m : mean) {
            if (!Float.isFinite(m)) {
                throw new IllegalArgumentException("a mean of " + m);
            }
        }
    }

    /** The normalisation of that kind, with mean and standard deviation of the training images. */
    public static Normalization of(Kind kind, ImageSet train) {
        float[] ones = {1, 1, 1};
        return switch (kind) {
            case NONE -> new Normalization(kind, new float[ImageSet.CHANNELS], ones);
            case PIXEL_MEAN -> new Normalization(kind, pixelMean(train), ones);
            case CHANNEL -> channel(train);
        };
    }

    private static float[] pixelMean(ImageSet train) {
        int bytes = train.imageBytes();
        long[] sums = new long[bytes];
        for (int i = 0; i < train.pixels().length; i += bytes) {
            for (int j = 0; j < bytes; j++) {
                sums[j] += train.pixels()[i + j] & 0xff;
            }
        }
        float[] mean = new float[bytes];
        int area = train.side() * train.side();
        for (int j = 0; j < bytes; j++) {
            int pixel = j / ImageSet.CHANNELS;
            int channel = j % ImageSet.CHANNELS;
            mean[channel * area + pixel] = (float) (sums[j] / 255.0 / train.size());
        }
        return mean;
    }

    private static Normalization channel(ImageSet train) {
        float[] mean = new float[ImageSet.CHANNELS];
        float[] std = new float[ImageSet.CHANNELS];
        for (int c = 0; c < ImageSet.CHANNELS; c++) {
            long sum = 0;
            long squares = 0;
            for (int i = c; i < train.pixels().length; i += ImageSet.CHANNELS) {
                int value = train.pixels()[i] & 0xff;
                sum += value;
                squares += value * value;
            }
            double count = (double) train.size() * train.side() * train.side();
            double average = sum / count;
            double variance = squares / count - average * average;
            mean[c] = (float) (average / 255);
            // A channel that is the same everywhere carries nothing, however it is scaled.
            std[c] = variance > 0 ? (float) (Math.sqrt(variance) / 255) : 1;
        }
        return new Normalization(Kind.CHANNEL, mean, std);
    }

    /** The mean of one channel at one pixel. */
    public float meanAt(int channel, int y, int x) {
        int side = side(mean);
        return side == 1 ? mean[channel] : mean[(channel * side + y) * side + x];
    }

    private static int side(float[] mean) {
        return (int) Math.sqrt(mean.length / ImageSet.CHANNELS);
    }

    /** Height and width of the images that a per-pixel mean is for; empty where it does not matter. */
    public OptionalInt side() {
        int side = side(mean);
        return side == 1 ? OptionalInt.empty() : OptionalInt.of(side);
    }

    /** The same for images of another size: each pixel has the mean of the one that was in its place. */
    public Normalization resized(int side) {
        int before = side(mean);
        if (before == 1 || before == side) {
            return this;
        }
        float[] resized = new float[ImageSet.bytes(side)];
        for (int i = 0; i < resized.length; i++) {
            int y = i / side % side;
            int x = i % side;
            resized[i] = meanAt(i / (side * side), y * before / side, x * before / side);
        }
        return new Normalization(kind, resized, std);
    }
}
