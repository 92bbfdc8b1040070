package dev.residual.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.picture.Photo;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class PictureTest {
    /** Whatever the network's images are: no wider than 32 columns, and no line of text is lost. */
    @Property(tries = 100)
    void theWholeTextBesideIt(@ForAll @IntRange(min = 1, max = 512) int side, @ForAll @IntRange(max = 40) int lines) {
        List<String> text =
                IntStream.range(0, lines).mapToObj(i -> "line " + i + ".").toList();
        List<String> shown = Picture.of(new Photo(side, new byte[side * side * 3]), text)
                .replaceAll("\033\\[[0-9;]*m", "")
                .lines()
                .toList();
        assertThat(shown).hasSizeGreaterThanOrEqualTo(lines);
        int columns = shown.get(0).indexOf("  ");
        assertThat(columns).isBetween(1, 32);
        for (int i = 0; i < shown.size(); i++) {
            assertThat(shown.get(i).substring(columns + 2)).isEqualTo(i < lines ? text.get(i) : "");
        }
    }
}
