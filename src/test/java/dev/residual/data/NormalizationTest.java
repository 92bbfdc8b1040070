package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class NormalizationTest {
    private static final ImageSet IMAGES = BatchesTest.randomImages(20);

    @Test
    void channelMeanAndDeviationAreThoseOfTheTrainingSet() {
        Normalization n = Normalization.of(Normalization.Kind.CHANNEL, IMAGES);
        double sum = 0;
        double squares = 0;
        int count = 0;
        for (int i = 0; i < IMAGES.size(); i++) {
            for (int y = 0; y < IMAGES.side(); y++) {
                for (int x = 0; x < IMAGES.side(); x++, count++) {
                    double value = IMAGES.at(i, y, x, 1) / 255.0;
                    sum += value;
                    squares += value * value;
                }
            }
        }
        double mean = sum / count;
        assertThat(n.meanAt(1, 5, 7)).isCloseTo((float) mean, within(1e-6f));
        assertThat(n.std()[1]).isCloseTo((float) Math.sqrt(squares / count - mean * mean), within(1e-6f));
    }

    @Test
    void thePerPixelMeanIsOneNumberAPixelAndChannel() {
        Normalization n = Normalization.of(Normalization.Kind.PIXEL_MEAN, IMAGES);
        double sum = 0;
        for (int i = 0; i < IMAGES.size(); i++) {
            sum += IMAGES.at(i, 31, 4, 2) / 255.0;
        }
        assertThat(n.meanAt(2, 31, 4)).isCloseTo((float) (sum / IMAGES.size()), within(1e-6f));
        assertThat(n.std()).containsOnly(1);
    }

    @Test
    void meansForAnotherSizeAreThoseOfThePixelsInTheSamePlaces() {
        Normalization n = Normalization.of(Normalization.Kind.PIXEL_MEAN, IMAGES);
        Normalization twice = n.resized(2 * IMAGES.side());
        assertThat(twice.side()).hasValue(96);
        assertThat(twice.meanAt(2, 63, 8)).isEqualTo(n.meanAt(2, 31, 4));
        assertThat(twice.resized(IMAGES.side()).mean()).isEqualTo(n.mean());
        Normalization channel = Normalization.of(Normalization.Kind.CHANNEL, IMAGES);
        assertThat(channel.resized(7)).isSameAs(channel);
    }

    @Test
    void noneLeavesValuesFrom0To1() {
        Normalization n = Normalization.of(Normalization.Kind.NONE, IMAGES);
        assertThat(n.mean()).containsOnly(0);
        assertThat(n.std()).containsOnly(1);
    }

    @Test
    void aChannelThatIsTheSameEverywhereIsNotDividedByZero() {
        ImageSet black = new ImageSet(new byte[ImageSet.BYTES], new short[1]);
        assertThat(Normalization.of(Normalization.Kind.CHANNEL, black).std()).containsOnly(1);
    }
}
