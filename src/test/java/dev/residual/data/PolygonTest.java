package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;

class PolygonTest {
    @Property
    void distanceFromAManySidedPolygonIsThatFromTheCircle(
            @ForAll @DoubleRange(min = -3, max = 3) double x, @ForAll @DoubleRange(min = -3, max = 3) double y) {
        Polygon nearlyCircle = Polygon.polar(200, t -> 1).placed(2, 2, 0.3, 0.5, -0.25);
        double expected = Math.hypot(x - 0.5, y + 0.25) - 2;
        assertThat(nearlyCircle.distance(x, y)).isEqualTo(expected, within(1e-3));
    }

    @Property
    void distanceFromASquareIsThatFromItsNearestSideOrCorner(
            @ForAll @DoubleRange(min = -3, max = 3) double x, @ForAll @DoubleRange(min = -3, max = 3) double y) {
        double overX = Math.abs(x) - 1;
        double overY = Math.abs(y) - 1;
        double outside = Math.hypot(Math.max(0, overX), Math.max(0, overY));
        double inside = Math.min(0, Math.max(overX, overY));
        assertThat(Polygon.of(-1, -1, 1, -1, 1, 1, -1, 1).distance(x, y)).isEqualTo(outside + inside, within(1e-12));
    }
}
