package dev.residual.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.AxesChartStyler.TextAlignment;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;

/** The style of a chart: black on white, a light grid, and plots that align when charts are stacked. */
final class Panel {
    static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);

    private static final Color INK = new Color(0x222222);
    private static final Color FRAME = new Color(0xBBBBBB);
    private static final Color GRID = new Color(0xE8E8E8);

    /** Where every plot begins, from the left of its chart. */
    private static final int LEFT = 84;

    private Panel() {}

    static XYChart empty(String yTitle) {
        // The size is given when it is painted.
        XYChart chart = new XYChart(1, 1);
        chart.setYAxisTitle(yTitle);
        XYStyler s = chart.getStyler();
        s.setLocale(Locale.ROOT);
        s.setChartBackgroundColor(Color.WHITE).setChartFontColor(INK).setChartPadding(10);
        s.setChartTitleFont(FONT.deriveFont(Font.BOLD, 16f));
        s.setChartTitleBoxVisible(false).setChartTitlePadding(24);
        s.setPlotBackgroundColor(Color.WHITE).setPlotBorderColor(FRAME).setPlotContentSize(1);
        s.setPlotGridLinesColor(GRID).setPlotGridLinesStroke(new BasicStroke(1)).setPlotMargin(4);
        s.setAxisTitleFont(FONT.deriveFont(14f)).setAxisTickLabelsFont(FONT).setAxisTickLabelsColor(INK);
        s.setAxisTickMarkLength(4).setAxisTickMarksColor(FRAME).setAxisTicksLineVisible(false);
        s.setXAxisTickMarkSpacingHint(100).setYAxisTickMarkSpacingHint(42);
        s.setYAxisLabelAlignment(TextAlignment.Right).setYAxisLogarithmicDecadeOnly(true);
        s.setLegendFont(FONT).setLegendBorderColor(FRAME).setLegendPadding(8).setMarkerSize(7);
        s.setLegendPosition(LegendPosition.InsideNE);
        return chart;
    }

    /**
     * The chart with its plot's left edge at {@link #LEFT}, however wide the labels of its y-axis are, and with the
     * legend in the first of these corners that is free of points, or else in the first.
     */
    static XYChart arranged(XYChart chart, int width, int height, LegendPosition... corners) {
        XYStyler s = chart.getStyler();
        s.setYAxisLeftWidthHint(LEFT);
        // XChart knows where things are only after it has painted them.
        Graphics2D unseen = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        chart.paint(unseen, width, height);
        unseen.dispose();
        s.setLegendPosition(
                Stream.of(corners).filter(c -> isFree(chart, c)).findFirst().orElse(corners[0]));
        s.setYAxisLeftWidthHint(2 * LEFT - (int) Math.round(chart.getScreenXFromChart(s.getXAxisMin())));
        return chart;
    }

    private static boolean isFree(XYChart chart, LegendPosition corner) {
        XYStyler s = chart.getStyler();
        boolean right = corner == LegendPosition.InsideNE || corner == LegendPosition.InsideSE;
        boolean upper = corner == LegendPosition.InsideNE || corner == LegendPosition.InsideNW;
        double cornerX = chart.getScreenXFromChart(right ? s.getXAxisMax() : s.getXAxisMin());
        double cornerY = chart.getScreenYFromChart(upper ? s.getYAxisMax() : s.getYAxisMin());
        double legendWidth = 100;
        double legendHeight = 20 + 20 * chart.getSeriesMap().size();
        return chart.getSeriesMap().values().stream()
                .noneMatch(series -> IntStream.range(0, series.getXData().length)
                        .anyMatch(i -> Math.abs(chart.getScreenXFromChart(series.getXData()[i]) - cornerX) < legendWidth
                                && Math.abs(chart.getScreenYFromChart(series.getYData()[i]) - cornerY) < legendHeight));
    }

    static BasicStroke dashed(float width) {
        return new BasicStroke(width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 10, new float[] {5, 4}, 0);
    }
}
