package dev.residual.data;

import dev.residual.data.Augmentation.View;
import dev.residual.tensor.Precision;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.ShortPointer;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/**
 * Turns an image's bytes into the network's input: cropped, mirrored and normalised, as floats in H×W×C order. Nothing else
 * computes with pixels.
 *
 * <p>Not for several threads at once.
 */
public final class Pixels {
    private static final int CHANNELS = ImageSet.CHANNELS;

    private final ImageSet images;
    private final int side;

    /** The normalisation as value · scale + shift, for each byte of an image. */
    private final float[] scale;

    private final float[] shift;
    private final float[] row;
    private final float[] mirrored;

    Pixels(ImageSet images, Normalization normalization) {
        this.images = images;
        side = images.side();
        int ofMean = normalization.side().orElse(side);
        if (ofMean != side) {
            throw new IllegalArgumentException("a mean of " + ofMean + " pixels per row for images of " + side);
        }
        scale = new float[images.imageBytes()];
        shift = new float[images.imageBytes()];
        row = new float[side * CHANNELS];
        mirrored = new float[side * CHANNELS];
        for (int i = 0; i < scale.length; i++) {
            int channel = i % CHANNELS;
            int pixel = i / CHANNELS;
            float std = normalization.std()[channel];
            scale[i] = 1 / (255 * std);
            shift[i] = -normalization.meanAt(channel, pixel / side, pixel % side) / std;
        }
    }

    /**
     * The images from here to there (excluded) as they are, in one tensor, which belongs to the caller's scope.
     *
     * @return N×3×H×W, normalised, channels-last in memory
     */
    public static Tensor tensor(ImageSet images, int from, int to, Normalization normalization, Precision precision) {
        Pixels pixels = new Pixels(images, normalization);
        Tensor tensor = memory(to - from, images.side(), precision);
        Rows rows = Rows.into(tensor, precision);
        for (int i = from; i < to; i++) {
            pixels.write(i, View.ORIGINAL, rows, (i - from) * images.imageBytes());
        }
        return tensor;
    }

    /** N×3×H×W, channels-last, for {@link Rows}. */
    static Tensor memory(int images, int side, Precision precision) {
        return torch.empty(
                new long[] {images, CHANNELS, side, side},
                new TensorOptions(precision.type()),
                new MemoryFormatOptional(MemoryFormat.ChannelsLast));
    }

    /**
     * Writes one view of one image. What lies outside the image, or is blanked, is 0 after normalisation: it is padded
     * after the mean is subtracted.
     *
     * @param out receives the image's values from {@code offset}
     */
    void write(int image, View view, Rows out, int offset) {
        for (int y = 0; y < side; y++) {
            fillRow(image, y + view.dy(), view.dx());
            float[] shown = view.mirrored() ? mirror() : row;
            if (view.blank().hasRow(y)) {
                int left = Math.max(0, view.blank().left());
                int right = Math.min(side, view.blank().left() + view.blank().side());
                Arrays.fill(shown, left * CHANNELS, right * CHANNELS, 0);
            }
            out.put(offset + y * row.length, shown);
        }
    }

    /** Where an image's rows go. */
    interface Rows {
        void put(int offset, float[] row);

        /** @param memory of a tensor in that precision */
        static Rows into(Tensor memory, Precision precision) {
            if (precision == Precision.FP32) {
                FloatBuffer floats = memory.createBuffer();
                return floats::put;
            }
            ShortBuffer shorts =
                    new ShortPointer(memory.data_ptr()).capacity(memory.numel()).asBuffer();
            short[] rounded = new short[(int) memory.size(2) * CHANNELS];
            return (offset, row) -> {
                for (int i = 0; i < rounded.length; i++) {
                    rounded[i] = bfloat16(row[i]);
                }
                shorts.put(offset, rounded);
            };
        }

        /** The upper half of a float's bits, rounded to the nearest, ties to even. */
        private static short bfloat16(float value) {
            int bits = Float.floatToRawIntBits(value);
            return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
        }
    }

    private void fillRow(int image, int sourceY, int dx) {
        if (sourceY < 0 || sourceY >= side) {
            Arrays.fill(row, 0);
            return;
        }
        int first = Math.max(0, dx); // of the source's columns that are seen
        int to = Math.max(0, -dx) * CHANNELS;
        int count = (side - Math.abs(dx)) * CHANNELS;
        int from = (sourceY * side + first) * CHANNELS;
        int pixel = image * images.imageBytes() + from;
        byte[] pixels = images.pixels();
        Arrays.fill(row, 0, to, 0);
        for (int i = 0; i < count; i++) {
            row[to + i] = (pixels[pixel + i] & 0xff) * scale[from + i] + shift[from + i];
        }
        Arrays.fill(row, to + count, row.length, 0);
    }

    private float[] mirror() {
        for (int x = 0; x < side; x++) {
            int from = (side - 1 - x) * CHANNELS;
            for (int c = 0; c < CHANNELS; c++) {
                mirrored[x * CHANNELS + c] = row[from + c];
            }
        }
        return mirrored;
    }
}
