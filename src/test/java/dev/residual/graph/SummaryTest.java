package dev.residual.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.residual.ResidualException;
import dev.residual.graph.Summary.Layer;
import dev.residual.nn.Architecture;
import dev.residual.nn.Shortcut;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SummaryTest {
    /** Parameters counted by hand; multiply-adds in millions as the literature has them. */
    @ParameterizedTest
    @CsvSource({
        "resnet20, 269722, 40.55, 0.005",
        "resnet32, 464154, 68.9, 0.05",
        "resnet44, 658586, 97.2, 0.05",
        "resnet56, 853018, 125.5, 0.05",
        "resnet110, 1727962, 252.9, 0.05",
        "resnet1202, 19421274, 2829, 0.5",
        "plain20, 269722, 40.55, 0.005",
    })
    void countsAreThoseOfTheLiterature(String name, long parameters, double millions, double within) {
        Summary summary = Summary.of(Architecture.of(name).graph());
        assertThat(summary.parameters()).isEqualTo(parameters);
        assertThat(summary.multiplyAdds() / 1e6).isCloseTo(millions, within(within));
    }

    @ParameterizedTest
    @CsvSource({"article32, 498666", "article44, 693546"})
    void countsAreThoseOfTheArticlesCode(String name, long parameters) {
        assertThat(Summary.of(Architecture.of(name).graph()).parameters()).isEqualTo(parameters);
    }

    @Test
    void eachBlockMoreAStageAdds97216() {
        long before = Summary.of(Architecture.of("resnet26").graph()).parameters();
        assertThat(before - Summary.of(Architecture.of("resnet20").graph()).parameters())
                .isEqualTo(97_216);
    }

    @Test
    void thereAreAsManyWeightedLayersAsTheNameSays() {
        List<Layer> layers = Summary.of(Architecture.of("resnet44").graph()).layers();
        assertThat(layers.stream().filter(l -> l.multiplyAdds() > 0)).hasSize(44);
    }

    @Test
    void projectionsOfShortcutsBAndCHaveParameters() {
        long a = Summary.of(Architecture.of("resnet20").graph()).parameters();
        // 16→32 and 32→64 without bias, each with BN's scale and shift.
        long b = a + 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64;
        // The other blocks: three of 16→16, two of 32→32, two of 64→64.
        long c = b + 3 * (16 * 16 + 2 * 16) + 2 * (32 * 32 + 2 * 32) + 2 * (64 * 64 + 2 * 64);
        assertThat(parameters(Shortcut.B)).isEqualTo(b);
        assertThat(parameters(Shortcut.C)).isEqualTo(c);
    }

    private static long parameters(Shortcut shortcut) {
        return Summary.of(Architecture.of("resnet20")
                        .withShortcut(shortcut)
                        .withWidths(List.of(16, 32, 64))
                        .graph())
                .parameters();
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet", "resnet21", "resnet2", "resnet999998", "ResNet20", "densenet40", "", "resnet20 "})
    void otherNamesAreRefused(String name) {
        assertThatThrownBy(() -> Architecture.of(name))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("expected");
    }
}
