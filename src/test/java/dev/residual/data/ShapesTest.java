package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;

class ShapesTest {
    private static final Dataset SET = Shapes.generate(1, 5_000, 1_000);

    @Test
    void namesTenClasses() {
        assertThat(SET.name()).isEqualTo("shapes");
        assertThat(SET.classes())
                .isEqualTo(List.of(
                        "circle",
                        "square",
                        "triangle",
                        "star",
                        "cross",
                        "heart",
                        "crescent",
                        "drop",
                        "arrow",
                        "flower"));
    }

    @Test
    void bytesAreThoseOfEveryOtherMachine() {
        assertThat(SET.sha256())
                .containsOnlyKeys("shapes")
                .containsEntry("shapes", "890b3df275db99f9e2baba7eec85d156d86ce8c0bed752d7b4ab3c9e83511b12");
    }

    @Test
    void otherSeedGivesOtherBytes() {
        assertThat(Shapes.generate(2, 100, 0).train().pixels())
                .isNotEqualTo(SET.train().first(100).pixels());
    }

    @Test
    void trainAndTestDiffer() {
        assertThat(SET.train().first(1_000).pixels()).isNotEqualTo(SET.test().pixels());
    }

    /** An image depends neither on the thread that paints it nor on how many others are painted. */
    @Test
    void imagesAreIndependentOfParallelism() throws Exception {
        ForkJoinPool oneThread = new ForkJoinPool(1);
        Dataset few;
        try {
            few = oneThread.submit(() -> Shapes.generate(1, 100, 50)).get();
        } finally {
            oneThread.shutdown();
        }
        assertThat(few.train().pixels()).isEqualTo(SET.train().first(100).pixels());
        assertThat(few.train().labels()).isEqualTo(SET.train().first(100).labels());
        assertThat(few.test().pixels()).isEqualTo(SET.test().first(50).pixels());
    }

    @Test
    void classesAreBalancedWithinAFifth() {
        int[] counts = new int[10];
        for (short label : SET.train().labels()) {
            counts[label]++;
        }
        for (int count : counts) {
            assertThat(count).isBetween(400, 600);
        }
    }

    @Test
    void meanColourTellsLittleOfTheClass() {
        assertThat(nearestMeanAccuracy(meanColours(SET.train()), meanColours(SET.test())))
                .isLessThan(0.20);
    }

    @Test
    void pixelsAloneTellLittleOfTheClass() {
        assertThat(nearestMeanAccuracy(pixels(SET.train()), pixels(SET.test()))).isLessThan(0.35);
    }

    private static float[][] meanColours(ImageSet set) {
        float[][] means = new float[set.size()][ImageSet.CHANNELS];
        for (int i = 0; i < set.size(); i++) {
            for (int p = 0; p < ImageSet.BYTES; p++) {
                means[i][p % ImageSet.CHANNELS] += set.pixels()[i * ImageSet.BYTES + p] & 0xff;
            }
        }
        return means;
    }

    private static float[][] pixels(ImageSet set) {
        float[][] values = new float[set.size()][ImageSet.BYTES];
        for (int i = 0; i < set.size(); i++) {
            for (int p = 0; p < ImageSet.BYTES; p++) {
                values[i][p] = set.pixels()[i * ImageSet.BYTES + p] & 0xff;
            }
        }
        return values;
    }

    /** The share of the test images whose nearest class mean, of the training images, is that of their own class. */
    private static double nearestMeanAccuracy(float[][] train, float[][] test) {
        double[][] means = new double[10][train[0].length];
        int[] counts = new int[10];
        for (int i = 0; i < train.length; i++) {
            int label = SET.train().labels()[i];
            counts[label]++;
            for (int f = 0; f < train[i].length; f++) {
                means[label][f] += train[i][f];
            }
        }
        for (int c = 0; c < 10; c++) {
            for (int f = 0; f < means[c].length; f++) {
                means[c][f] /= counts[c];
            }
        }
        int hits = 0;
        for (int i = 0; i < test.length; i++) {
            int nearest = 0;
            for (int c = 1; c < 10; c++) {
                if (squaredDistance(test[i], means[c]) < squaredDistance(test[i], means[nearest])) {
                    nearest = c;
                }
            }
            if (nearest == SET.test().labels()[i]) {
                hits++;
            }
        }
        return (double) hits / test.length;
    }

    private static double squaredDistance(float[] a, double[] b) {
        double sum = 0;
        for (int f = 0; f < a.length; f++) {
            sum += (a[f] - b[f]) * (a[f] - b[f]);
        }
        return sum;
    }
}
