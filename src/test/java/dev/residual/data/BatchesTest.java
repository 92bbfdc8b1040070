package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.data.Augmentation.View;
import dev.residual.data.Batches.Order;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class BatchesTest {
    /** Not that of CIFAR's images. */
    private static final int SIZE = 48;

    private static final int BYTES = SIZE * SIZE * 3;
    private static final ImageSet IMAGES = randomImages(37);
    private static final Normalization NORMALIZATION = Normalization.of(Normalization.Kind.PIXEL_MEAN, IMAGES);
    private static final Order ORDER = new Order(true, Augmentation.CROP_FLIP, 5);

    @BeforeContainer
    static void start() {
        Engine.start(1);
    }

    static ImageSet randomImages(int n) {
        byte[] pixels = new byte[n * BYTES];
        short[] labels = new short[n];
        Random random = new Random(3);
        random.nextBytes(pixels);
        for (int i = 0; i < n; i++) {
            labels[i] = (short) random.nextInt(10);
        }
        return new ImageSet(SIZE, pixels, labels, List.of());
    }

    /** One batch copied out: images as N×3×H×W floats, labels, whether it ends the epoch. */
    private record Copy(float[] images, long[] labels, boolean last) {}

    private static List<Copy> take(ImageSet images, Order order, int batchSize, int epoch, int batch, int count) {
        List<Copy> copies = new ArrayList<>();
        try (Batches batches =
                new Batches(images, NORMALIZATION, order, Part.WHOLE, batchSize, Precision.FP32, epoch, batch)) {
            for (int i = 0; i < count; i++) {
                try (Scope scope = Scope.noGrad()) {
                    Batch b = batches.next();
                    copies.add(new Copy(Tensors.floats(b.images()), Tensors.longs(b.labels()), b.last()));
                }
            }
        }
        return copies;
    }

    @Example
    void bf16ImagesAreTheRoundedFloats() {
        try (Batches floats = new Batches(IMAGES, NORMALIZATION, ORDER, Part.WHOLE, 16, Precision.FP32, 0, 0);
                Batches halves = new Batches(IMAGES, NORMALIZATION, ORDER, Part.WHOLE, 16, Precision.BF16, 0, 0);
                Scope scope = Scope.noGrad()) {
            Tensor rounded = floats.next().images().to(Precision.BF16.type());
            Tensor given = halves.next().images();
            assertThat(given.scalar_type().intern()).isEqualTo(Precision.BF16.type());
            assertThat(Tensors.floats(given)).isEqualTo(Tensors.floats(rounded));
        }
    }

    /** Pads, crops and flips in the plainest way, one number at a time. */
    private static float slow(int image, int channel, int y, int x, View view) {
        int shownX = view.mirrored() ? SIZE - 1 - x : x;
        int padding = Augmentation.padding(SIZE);
        float[][] padded = new float[SIZE + 2 * padding][SIZE + 2 * padding];
        for (int i = 0; i < SIZE; i++) {
            for (int j = 0; j < SIZE; j++) {
                padded[i + padding][j + padding] =
                        IMAGES.at(image, i, j, channel) / 255f - NORMALIZATION.meanAt(channel, i, j);
            }
        }
        return padded[y + view.dy() + padding][shownX + view.dx() + padding];
    }

    @Property(tries = 20)
    void cropsAndFlipsAgreeWithTheSlowReference(@ForAll @IntRange(max = 50) int epoch) {
        int[] numbers = ORDER.of(epoch, IMAGES.size());
        Copy batch = take(IMAGES, ORDER, 16, epoch, 0, 1).get(0);
        Random spots = new Random(epoch);
        for (int k = 0; k < 300; k++) {
            int i = spots.nextInt(16);
            int channel = spots.nextInt(3);
            int y = spots.nextInt(SIZE);
            int x = spots.nextInt(SIZE);
            View view = Augmentation.CROP_FLIP.draw(ORDER.seed(), epoch, i, numbers[i], SIZE);
            float expected = slow(numbers[i], channel, y, x, view);
            assertThat(batch.images[((i * 3 + channel) * SIZE + y) * SIZE + x])
                    .as("image %d channel %d at (%d, %d), %s", i, channel, y, x, view)
                    .isCloseTo(expected, org.assertj.core.api.Assertions.within(1e-6f));
            assertThat(batch.labels[i]).isEqualTo(IMAGES.labels()[numbers[i]]);
        }
    }

    @Property(tries = 20)
    void batchesComeOutTheSameWhereverTheyAreTakenUp(
            @ForAll @IntRange(max = 3) int epoch, @ForAll @IntRange(max = 4) int batch) {
        int perEpoch = Batches.perEpoch(IMAGES.size(), 8);
        Copy fromStart =
                take(IMAGES, ORDER, 8, 0, 0, epoch * perEpoch + batch + 1).get(epoch * perEpoch + batch);
        Copy fromThere = take(IMAGES, ORDER, 8, epoch, batch, 1).get(0);
        assertThat(fromThere.images).isEqualTo(fromStart.images);
        assertThat(fromThere.labels).isEqualTo(fromStart.labels);
    }

    @Property(tries = 1)
    void anEpochShowsEachImageOnceAndItsLastBatchIsSmaller() {
        Order plain = new Order(true, Augmentation.NONE, 1);
        List<Copy> epoch = take(IMAGES, plain, 8, 0, 0, 5);
        assertThat(epoch.stream().map(c -> c.labels.length)).containsExactly(8, 8, 8, 8, 5);
        assertThat(epoch.stream().map(Copy::last)).containsExactly(false, false, false, false, true);
        List<float[]> shown = new ArrayList<>();
        for (Copy c : epoch) {
            for (int i = 0; i < c.labels.length; i++) {
                shown.add(Arrays.copyOfRange(c.images, i * BYTES, (i + 1) * BYTES));
            }
        }
        assertThat(shown.stream().map(Arrays::hashCode).distinct()).hasSize(IMAGES.size());
    }

    @Property(tries = 1)
    void epochsSeedsAndAugmentationsDiffer() {
        Copy first = take(IMAGES, ORDER, 8, 0, 0, 1).get(0);
        assertThat(take(IMAGES, ORDER, 8, 1, 0, 1).get(0).images).isNotEqualTo(first.images);
        Order otherSeed = new Order(true, Augmentation.CROP_FLIP, 6);
        assertThat(take(IMAGES, otherSeed, 8, 0, 0, 1).get(0).images).isNotEqualTo(first.images);
        Copy plain = take(IMAGES, Order.PLAIN, 8, 0, 0, 1).get(0);
        for (int i = 0; i < 8; i++) {
            assertThat(plain.labels[i]).isEqualTo(IMAGES.labels()[i]);
        }
    }

    @Property(tries = 1)
    void everyShiftAndBothDirectionsAreDrawnEvenly() {
        int[][] shifts = new int[9][9];
        int mirrored = 0;
        int draws = 81 * 400;
        for (int i = 0; i < draws; i++) {
            View view = Augmentation.CROP_FLIP.draw(1, i / 1000, i % 1000, 0, 32);
            shifts[view.dy() + 4][view.dx() + 4]++;
            mirrored += view.mirrored() ? 1 : 0;
        }
        for (int[] row : shifts) {
            for (int count : row) {
                assertThat(count).isBetween(300, 500); // 400 ± 5 standard deviations
            }
        }
        assertThat(Augmentation.padding(SIZE)).isEqualTo(6); // in proportion
        assertThat((double) mirrored / draws).isBetween(0.48, 0.52);
        assertThat(Augmentation.of(Augmentation.Kind.FLIP).draw(1, 0, 3, 3, 32).dx())
                .isZero();
        assertThat(Augmentation.NONE.draw(1, 0, 3, 3, 32)).isEqualTo(View.ORIGINAL);
    }

    @Test
    void noImagesMakeNoBatches() {
        ImageSet none = new ImageSet(new byte[0], new short[0]);
        Normalization normalization = new Normalization(Normalization.Kind.NONE, new float[3], new float[] {1, 1, 1});
        assertThatThrownBy(() ->
                        new Batches(none, normalization, Batches.Order.PLAIN, Part.WHOLE, 4, Precision.FP32, 0, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
