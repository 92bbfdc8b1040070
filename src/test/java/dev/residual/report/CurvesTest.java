package dev.residual.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.recipe.Schedule.Change;
import dev.residual.run.Metrics;
import dev.residual.run.Rows;
import dev.residual.run.Score;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CurvesTest {
    private static final int TRAIN = 0x0072B2;
    private static final int TEST = 0xD55E00;
    private static final int DROP = 0x777777;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 20, 164})
    void bothCurvesAreInBothPanels(int epochs) throws IOException {
        BufferedImage image = png(Samples.metrics(epochs), List.of(), Curves.Look.ITERATIONS);

        assertThat(image.getWidth()).isEqualTo(1600);
        assertThat(image.getHeight()).isEqualTo(1200);
        BufferedImage loss = image.getSubimage(0, 0, 1600, 600);
        BufferedImage accuracy = image.getSubimage(0, 600, 1600, 600);
        assertThat(count(loss, TRAIN)).isGreaterThan(50);
        assertThat(count(loss, TEST)).isGreaterThan(50);
        assertThat(count(accuracy, TRAIN)).isGreaterThan(50);
        assertThat(count(accuracy, TEST)).isGreaterThan(50);
    }

    @ParameterizedTest
    @EnumSource
    void theUntrainedRowAloneIsDrawn(Curves.Look look) throws IOException {
        BufferedImage image = png(Samples.metrics(0), List.of(new Change(100, 0.01)), look);

        // The legend, on the right, has this colour as well.
        assertThat(count(image.getSubimage(0, 600, 800, 600), TEST)).isGreaterThan(50);
    }

    @ParameterizedTest
    @EnumSource
    void noRowsAndNoNumbersMakeAnEmptyChart(Curves.Look look) throws IOException {
        double nan = Double.NaN;
        Metrics row = Rows.row(1, 100, nan, Score.NONE, Score.NONE, nan);

        for (List<Metrics> metrics : List.of(List.<Metrics>of(), List.of(row))) {
            BufferedImage image = png(metrics, List.of(new Change(50, 0.01)), look);
            assertThat(count(image, TRAIN) + count(image, TEST)).isZero();
        }
    }

    @Test
    void aValueThatIsNoNumberIsLeftOut() throws IOException {
        List<Metrics> gap = new ArrayList<>(Samples.metrics(20));
        double nan = Double.NaN;
        gap.set(7, Rows.row(7, 700, 0.1, Score.NONE, new Score(Double.POSITIVE_INFINITY, nan), nan));
        List<Metrics> without = new ArrayList<>(gap);
        without.remove(7);

        assertThat(svg(gap, List.of(), Curves.Look.ARTICLE)).isEqualTo(svg(without, List.of(), Curves.Look.ARTICLE));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1e-300, 1e-9, 1e30, 1e300})
    void anyLossIsDrawn(double loss) throws IOException {
        List<Metrics> metrics = new ArrayList<>(Samples.metrics(3));
        metrics.add(Rows.row(4, 400, 0.1, new Score(loss, 50), new Score(loss, 50), 240));
        List<Metrics> only = List.of(metrics.get(4));

        for (Curves.Look look : Curves.Look.values()) {
            assertThat(svg(metrics, List.of(), look)).contains("rgb(0,114,178)");
            assertThat(svg(only, List.of(), look)).contains("rgb(0,114,178)");
        }
    }

    @Test
    void eachPassedDropIsALine() throws IOException {
        List<Metrics> metrics = Samples.metrics(20);
        int none = count(png(metrics, List.of(), Curves.Look.ITERATIONS), DROP);
        int one = count(png(metrics, List.of(new Change(1000, 0.01)), Curves.Look.ITERATIONS), DROP);

        assertThat(one).isGreaterThan(none + 300);
        assertThat(count(
                        png(
                                metrics,
                                List.of(new Change(1000, 0.01), new Change(2000, 0.001), new Change(9000, 0.0001)),
                                Curves.Look.ITERATIONS),
                        DROP))
                .as("drops at and after the last iteration")
                .isEqualTo(one);
    }

    @Test
    void theArticlesLineIsBlackAndAtTheBottom() throws IOException {
        BufferedImage image = png(Samples.metrics(5), List.of(), Curves.Look.ARTICLE);
        int row = 0;
        int most = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            int black = count(image.getSubimage(0, y, image.getWidth(), 1), 0);
            row = black > most ? y : row;
            most = Math.max(black, most);
        }

        assertThat(most).isGreaterThan(500);
        assertThat(row).isBetween(1040, 1120);
    }

    @Test
    void theSvgHoldsNoTextThatNeedsAFont() throws IOException {
        String svg = svg(Samples.metrics(5), List.of(new Change(200, 0.01)), Curves.Look.ITERATIONS);

        assertThat(svg).contains("<svg", "<path").doesNotContain("<text", "font-family");
    }

    private static BufferedImage png(List<Metrics> metrics, List<Change> drops, Curves.Look look) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Curves("run", metrics, drops, look).writePng(out);
        return ImageIO.read(new ByteArrayInputStream(out.toByteArray()));
    }

    private static String svg(List<Metrics> metrics, List<Change> drops, Curves.Look look) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Curves("run", metrics, drops, look).writeSvg(out);
        return out.toString(StandardCharsets.UTF_8);
    }

    private static int count(BufferedImage image, int colour) {
        int n = 0;
        for (int pixel : image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth())) {
            n += (pixel & 0xFFFFFF) == colour ? 1 : 0;
        }
        return n;
    }
}
