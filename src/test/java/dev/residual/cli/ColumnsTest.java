package dev.residual.cli;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class ColumnsTest {
    @Example
    void wideLettersTakeTwoColumns() {
        assertThat(Columns.of("猫 cat e\u0301 \ud83d\udc31")).isEqualTo(2 + 5 + 2 + 2);
        assertThat(Columns.padded("猫", 4)).isEqualTo("猫  ");
        assertThat(Columns.cut("猫猫猫", 5)).isEqualTo("猫猫");
        assertThat(Columns.start("aeroplanes", 5)).isEqualTo("aero…");
        assertThat(Columns.end("runs/a/猫", 5)).isEqualTo("…a/猫");
        assertThat(Columns.end("runs", 5)).isEqualTo("runs");
    }

    /** No half of a letter, and never wider than asked for. */
    @Property
    void whatIsCutFits(@ForAll String text, @ForAll @IntRange(min = 1, max = 20) int columns) {
        assertThat(Columns.of(Columns.start(text, columns))).isLessThanOrEqualTo(columns);
        assertThat(text).startsWith(Columns.cut(text, columns));
        assertThat(Columns.of(Columns.end(text, columns))).isLessThanOrEqualTo(columns);
    }
}
