package dev.residual.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.data.Folder;
import dev.residual.run.RunConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** Pictures are what they are, wherever they lie; where they cannot be read, their place has to tell. */
class PicturesTest {
    private static final String FLOWERS = Path.of("flowers").toAbsolutePath().toString();
    private static final String BIRDS = Path.of("birds").toAbsolutePath().toString();

    /** The birds, a fifth of which is held out. */
    private static Pictures birds(Map<String, String> sha256) {
        return new Pictures(new Folder(Path.of(BIRDS), 32, OptionalDouble.empty(), false), () -> sha256);
    }

    private static RunConfig.Data data(String directory, double testFraction, String sum) {
        return new RunConfig.Data("folder", directory, 0, OptionalDouble.of(testFraction), Map.of("train", sum));
    }

    @Test
    void picturesThatAreThereAreComparedByWhatTheyAre() {
        Pictures birds = birds(Map.of("train", "1"));
        assertThat(birds.differences(data(FLOWERS, 0.2, "1"))).isEmpty();
        assertThat(birds.differences(data(FLOWERS, 0.4, "2")))
                .isEqualTo(
                        List.of("pictures in " + FLOWERS + " instead of " + BIRDS, "test fraction 0.4 instead of 0.2"));
        assertThat(birds.differences(data(BIRDS, 0.2, "2")))
                .containsExactly("other pictures than " + BIRDS + " has now");
    }

    @Test
    void othersByTheirPlace() {
        Pictures birds = birds(Map.of());
        assertThat(birds.differences(data(BIRDS, 0.2, "1"))).isEmpty();
        assertThat(birds.differences(data(FLOWERS, 0.2, "1"))).hasSize(1);
        assertThat(birds.differences(data(BIRDS, 0.4, "1"))).hasSize(1);
    }

    @Test
    void whatIsStillInItsPlaceIsNotRead() {
        Pictures unread = new Pictures(birds(Map.of()).folder(), () -> {
            throw new AssertionError("read");
        });
        assertThat(unread.differencesUnlessInPlace(data(BIRDS, 0.2, "1"))).isEmpty();
        assertThat(birds(Map.of("train", "1")).differencesUnlessInPlace(data(FLOWERS, 0.2, "1")))
                .isEmpty();
        assertThat(birds(Map.of("train", "1")).differencesUnlessInPlace(data(FLOWERS, 0.2, "2")))
                .hasSize(1);
    }
}
