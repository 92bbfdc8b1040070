package dev.residual.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each kind of file gives the pixels that Pillow gives, or is refused: {@code bench/python/pictures.py} made them. */
class PictureKindsTest {
    static Stream<String> kinds() {
        return new String(Pictures.resource("kinds/expected.txt"), StandardCharsets.UTF_8).lines();
    }

    /** @param line a file's name, then {@code refused} or a tolerance and 4×4 colours; perhaps a reason */
    @ParameterizedTest
    @MethodSource("kinds")
    void aKindOfFile(String line) {
        String[] words = line.replaceAll(" +#.*", "").split(" ");
        byte[] file = Pictures.resource("kinds/" + words[0]);
        if (words[1].equals("refused")) {
            assertThatThrownBy(() -> Photo.read(file, 32))
                    .isInstanceOf(ResidualException.class)
                    .hasMessageMatching("the image: cannot be decoded: .{10,}");
            return;
        }
        Photo photo = Photo.read(file, 32);
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            int x = i % 4 * 8 + 4;
            int y = i / 4 * 8 + 4;
            int expected = Integer.parseInt(words[2 + i], 16);
            for (int c = 0; c < 3; c++) {
                int actual = photo.pixels()[(y * 32 + x) * 3 + c] & 0xff;
                if (Math.abs(actual - (expected >> 16 - 8 * c & 0xff)) > Integer.parseInt(words[1])) {
                    wrong.add("at x " + x + ", y " + y + ", channel " + c + ": " + actual + " and not " + words[2 + i]);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }
}
