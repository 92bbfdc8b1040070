package dev.residual.data;

import java.util.Locale;

/**
 * What is done to a pixel before the network sees it: {@code (value / 255 - mean) / std}.
 *
 * @param kind how the numbers were found
 * @param mean in units of value / 255: one number a channel, or C×H×W numbers, one a pixel and channel
 * @param std in units of value / 255, one number a channel
 */
public record Normalization(Kind kind, float[] mean, float[] std) {
    /** Where mean and std come from. */
    public enum Kind {
        /** Values 0-1 as they are, which is what the article trains on. */
        NONE,
        /** Each channel's mean and standard deviation over the training set; the usual choice today. */
        CHANNEL,
        /** "with the per-pixel mean subtracted": the paper's choice; the deviation is left alone. */
        PIXEL_MEAN;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    public Normalization {
        if ((mean.length != ImageSet.CHANNELS && mean.length != ImageSet.BYTES) || std.length != ImageSet.CHANNELS) {
            throw new IllegalArgumentException(mean.length + " means and " + std.length + " deviations: expected "
                    + ImageSet.CHANNELS + " or " + ImageSet.BYTES + ", and " + ImageSet.CHANNELS);
        }
        for (float s : std) {
            if (!(s > 0)) {
                throw new IllegalArgumentException("a standard deviation of " + s);
            }
        }
    }

    /** The normalisation of that kind, its numbers taken from the training images. */
    public static Normalization of(Kind kind, ImageSet train) {
        float[] ones = {1, 1, 1};
        return switch (kind) {
            case NONE -> new Normalization(kind, new float[ImageSet.CHANNELS], ones);
            case PIXEL_MEAN -> new Normalization(kind, pixelMean(train), ones);
            case CHANNEL -> channel(train);
        };
    }

    private static float[] pixelMean(ImageSet train) {
        long[] sums = new long[ImageSet.BYTES];
        for (int i = 0; i < train.pixels().length; i += ImageSet.BYTES) {
            for (int j = 0; j < ImageSet.BYTES; j++) {
                sums[j] += train.pixels()[i + j] & 0xff;
            }
        }
        float[] mean = new float[ImageSet.BYTES];
        int area = ImageSet.SIZE * ImageSet.SIZE;
        for (int j = 0; j < ImageSet.BYTES; j++) {
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
            double count = (double) train.size() * ImageSet.SIZE * ImageSet.SIZE;
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
        boolean perPixel = mean.length == ImageSet.BYTES;
        return perPixel ? mean[(channel * ImageSet.SIZE + y) * ImageSet.SIZE + x] : mean[channel];
    }
}
