package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.residual.ResidualException;
import dev.residual.data.Augmentation.Kind;
import dev.residual.data.Augmentation.View;
import dev.residual.data.Batches.Order;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cutout, mixup and the alternating flip, against the plainest way to do them. */
class AugmentationTest {
    private static final ImageSet IMAGES = BatchesTest.randomImages(20);
    private static final int SIZE = IMAGES.side();
    private static final Normalization NORMALIZATION = Normalization.of(Normalization.Kind.PIXEL_MEAN, IMAGES);

    @BeforeAll
    static void start() {
        Engine.start(1);
    }

    /** The first batch of an epoch. */
    private static float[] images(Augmentation augmentation, int epoch) {
        Order order = new Order(false, augmentation, 5);
        try (Batches batches = new Batches(IMAGES, NORMALIZATION, order, Part.WHOLE, 20, Precision.FP32, epoch, 0);
                Scope scope = Scope.noGrad()) {
            return Tensors.floats(batches.next().images());
        }
    }

    /** Its authors' code: a centre anywhere, y1 = clip(y − length // 2, 0, h), y2 = clip(y + length // 2, 0, h). */
    @ParameterizedTest
    @ValueSource(ints = {2, 16, 32})
    void cutoutBlanksASquareOfTheShownImage(int length) {
        float[] whole = images(Augmentation.CROP_FLIP, 3);
        float[] cut = images(new Augmentation(Kind.CROP_FLIP, length, 0), 3);
        for (int i = 0; i < IMAGES.size(); i++) {
            View view = new Augmentation(Kind.CROP_FLIP, length, 0).draw(5, 3, i, i, SIZE);
            int y1 = Math.max(view.blank().top(), 0);
            int y2 = Math.min(view.blank().top() + length, SIZE);
            int x1 = Math.max(view.blank().left(), 0);
            int x2 = Math.min(view.blank().left() + length, SIZE);
            for (int j = 0; j < IMAGES.imageBytes(); j++) {
                int y = j % (SIZE * SIZE) / SIZE;
                int x = j % SIZE;
                boolean blank = y >= y1 && y < y2 && x >= x1 && x < x2;
                assertThat(cut[i * IMAGES.imageBytes() + j]).isEqualTo(blank ? 0 : whole[i * IMAGES.imageBytes() + j]);
            }
        }
    }

    @Test
    void everyPixelIsACentreOfCutoutAlike() {
        int[] rows = new int[SIZE];
        int[] columns = new int[SIZE];
        Augmentation cutout = new Augmentation(Kind.NONE, 16, 0);
        for (int i = 0; i < SIZE * 1000; i++) {
            View view = cutout.draw(1, i / 1000, i % 1000, 0, SIZE);
            rows[view.blank().top() + 8]++;
            columns[view.blank().left() + 8]++;
        }
        for (int i = 0; i < SIZE; i++) {
            assertThat(rows[i]).isBetween(840, 1160); // 1,000 ± 5 standard deviations
            assertThat(columns[i]).isBetween(840, 1160);
        }
    }

    /** Mirrored in every second epoch, wherever the image comes in it; half of the images from the first on. */
    @Test
    void theAlternatingFlipShowsEachSideInTurn() {
        Augmentation flip = Augmentation.of(Kind.ALTERNATING_FLIP);
        int first = 0;
        for (int image = 0; image < 10_000; image++) {
            boolean mirrored = flip.draw(7, 0, 17, image, SIZE).mirrored();
            first += mirrored ? 1 : 0;
            for (int epoch = 1; epoch < 6; epoch++) {
                assertThat(flip.draw(7, epoch, 1000 * epoch + image, image, SIZE)
                                .mirrored())
                        .isEqualTo(epoch % 2 == 0 ? mirrored : !mirrored);
            }
        }
        assertThat(first).isBetween(4_750, 5_250);
        assertThat(flip.draw(7, 0, 3, 3, SIZE).dx()).isZero();
    }

    @Test
    void mixupMixesEachImageWithItsPartner() {
        Augmentation augmentation = new Augmentation(Kind.CROP_FLIP, 0, 1);
        float[] own = images(Augmentation.CROP_FLIP, 2);
        float[] mixed = images(augmentation, 2);
        Mixup mixup = Mixup.draw(1, 5, 2, 0, 20);
        assertThat(Arrays.stream(mixup.partners()).sorted().distinct()).hasSize(20);
        float lambda = (float) mixup.lambda();
        for (int i = 0; i < 20; i++) {
            for (int j = 0; j < IMAGES.imageBytes(); j++) {
                float partners = own[mixup.partners()[i] * IMAGES.imageBytes() + j];
                float expected = lambda * own[i * IMAGES.imageBytes() + j] + (1 - lambda) * partners;
                assertThat(mixed[i * IMAGES.imageBytes() + j]).isCloseTo(expected, within(1e-6f));
            }
        }
        assertThat(images(augmentation, 2)).isEqualTo(mixed);
        assertThat(images(augmentation, 3)).isNotEqualTo(mixed);
    }

    /** Of Beta(α, α) the variance is 1 / (4(2α + 1)). */
    @ParameterizedTest
    @CsvSource({"0.2", "1", "4"})
    void lambdaIsOfTheBetaDistribution(double alpha) {
        double sum = 0;
        int draws = 20_000;
        for (int i = 0; i < draws; i++) {
            double lambda = Mixup.draw(alpha, 1, i, 0, 1).lambda();
            assertThat(lambda).isBetween(0.5, 1.0);
            sum += (lambda - 0.5) * (lambda - 0.5);
        }
        assertThat(sum / draws).isCloseTo(1 / (4 * (2 * alpha + 1)), within(0.004));
    }

    @Test
    void valuesOutOfRangeAreRefusedByName() {
        assertThatThrownBy(() -> new Augmentation(Kind.NONE, 513, 0))
                .isInstanceOf(ResidualException.class)
                .hasMessage("cutout 513: expected 0 to 512 pixels");
        assertThatThrownBy(() -> new Augmentation(Kind.NONE, 0, 5))
                .isInstanceOf(ResidualException.class)
                .hasMessageStartingWith("mixup 5.0: expected");
    }
}
