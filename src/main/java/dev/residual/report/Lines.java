package dev.residual.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.font.TextLayout;
import java.awt.geom.AffineTransform;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Lines with their names at their ends, in panels side by side that share the scale of the y-axis.
 *
 * @param panels at least one; more than two go into further rows
 * @param yTitle what the y-axis shows
 * @param bottom of the y-axis; lines are cut off there
 * @param top the same
 */
public record Lines(List<PanelOf> panels, String yTitle, double bottom, double top) implements Chart {
    private static final int ONE_PANEL = 800;
    private static final int PLOT_OF_TWO = 480;
    private static final int PANEL_HEIGHT = 420;
    private static final int TITLE = 26;
    private static final float LABEL_SIZE = 12;
    private static final int LABEL_GAP = 8;
    private static final int LABEL_HEIGHT = 16;

    /** Of the plot beyond the ends of its axes, as a share of them. */
    private static final double MARGIN = 0.015;

    /** Okabe and Ito (2008), told apart by the colour-blind; its yellow is too pale for a line. */
    private static final List<Color> COLOURS = List.of(
            new Color(0x0072B2),
            new Color(0xD55E00),
            new Color(0x009E73),
            new Color(0xCC79A7),
            new Color(0x222222),
            new Color(0xE69F00),
            new Color(0x56B4E9),
            new Color(0x8A5A2B));

    /**
     * One of the panels.
     *
     * @param xTitle what the x-axis shows
     */
    public record PanelOf(String title, String xTitle, List<Line> lines) {}

    /** How a line is drawn. */
    public enum Pen {
        BOLD(1.8f),
        THIN(0.8f),
        /** Thin, with a mark at each point. */
        MARKED(1.2f),
        /** The same, dashed. */
        MARKED_DASHED(1.2f);

        private final float width;

        Pen(float width) {
            this.width = width;
        }

        private boolean marked() {
            return this == MARKED || this == MARKED_DASHED;
        }

        private BasicStroke stroke() {
            return this == MARKED_DASHED
                    ? Panel.dashed(width)
                    : new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
        }
    }

    /**
     * A line; lines of one name have one colour in a panel, and one label: at the end of the last of them.
     *
     * @param x ascending
     * @param y as many; what is not a number is left out
     */
    public record Line(String name, Pen pen, double[] x, double[] y) {
        Line finite() {
            int[] there = IntStream.range(0, x.length)
                    .filter(i -> Double.isFinite(x[i]) && Double.isFinite(y[i]))
                    .toArray();
            return new Line(
                    name,
                    pen,
                    IntStream.of(there).mapToDouble(i -> x[i]).toArray(),
                    IntStream.of(there).mapToDouble(i -> y[i]).toArray());
        }
    }

    private int columns() {
        return Math.min(2, panels.size());
    }

    /** Without the names; all are equally wide, so that their curves can be compared. */
    private int plotWidth() {
        return panels.size() == 1 ? ONE_PANEL - labelWidth(0) : PLOT_OF_TWO;
    }

    @Override
    public int width() {
        return left(columns());
    }

    /** Where a column begins. */
    private int left(int column) {
        return IntStream.range(0, column).map(c -> plotWidth() + labelWidth(c)).sum();
    }

    /** What the longest name in a column needs. */
    private int labelWidth(int column) {
        double longest = IntStream.range(0, panels.size())
                .filter(i -> i % columns() == column)
                .mapToObj(panels::get)
                .flatMap(p -> p.lines.stream())
                .mapToDouble(line -> text(line.name, LABEL_SIZE).getAdvance())
                .max()
                .orElse(0);
        return (int) longest + LABEL_GAP;
    }

    @Override
    public int height() {
        return (panels.size() + columns() - 1) / columns() * PANEL_HEIGHT;
    }

    @Override
    public void paint(Graphics2D g) {
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, width(), height());
        for (int i = 0; i < panels.size(); i++) {
            AffineTransform before = g.getTransform();
            g.translate(left(i % columns()), i / columns() * PANEL_HEIGHT);
            paint(g, panels.get(i));
            g.setTransform(before);
        }
    }

    private void paint(Graphics2D g, PanelOf panel) {
        List<Line> lines = panel.lines.stream()
                .map(Line::finite)
                .filter(l -> l.x.length > 0)
                .toList();
        Set<String> names = new LinkedHashSet<>();
        panel.lines.forEach(line -> names.add(line.name));
        List<String> order = List.copyOf(names);
        XYChart chart = Panel.empty(yTitle);
        chart.setXAxisTitle(panel.xTitle);
        chart.getStyler().setLegendVisible(false);
        chart.getStyler().setXAxisDecimalPattern("#,##0").setYAxisDecimalPattern("0.##");
        double margin = MARGIN * (top - bottom); // so that the ticks at both ends are labelled
        chart.getStyler().setYAxisMin(bottom - margin).setYAxisMax(top + margin);
        double last = lines.stream().mapToDouble(l -> l.x[l.x.length - 1]).max().orElse(1);
        double first = lines.stream().mapToDouble(l -> l.x[0]).min().orElse(0);
        double end = Math.max(last, first + 1);
        chart.getStyler().setXAxisMin(first - MARGIN * (end - first)).setXAxisMax(end + MARGIN * (end - first));
        for (int i = lines.size() - 1; i >= 0; i--) { // the first, which others are compared with, is on top
            Line line = lines.get(i);
            Color colour = colour(order, line.name);
            chart.addSeries(line.name + "/" + chart.getSeriesMap().size(), line.x, line.y)
                    .setMarker(line.pen.marked() ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE)
                    .setMarkerColor(colour)
                    .setLineColor(colour)
                    .setLineStyle(
                            order.indexOf(line.name) < COLOURS.size()
                                    ? line.pen.stroke()
                                    : Panel.dashed(line.pen.width)); // its colour is another line's too
        }
        chart.getStyler().setMarkerSize(4);
        if (lines.isEmpty()) {
            chart.addSeries(" ", new double[] {0}, new double[] {0}).setMarker(SeriesMarkers.NONE);
        }
        int height = PANEL_HEIGHT - TITLE;
        AffineTransform before = g.getTransform();
        g.translate(0, TITLE);
        Panel.arranged(chart, plotWidth(), height, LegendPosition.InsideNE).paint(g, plotWidth(), height);
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        if (!panel.title.isEmpty()) {
            double left = chart.getScreenXFromChart(chart.getStyler().getXAxisMin());
            paintText(g, panel.title, 14, Color.BLACK, left, 0);
        }
        paintLabels(g, chart, lines, order);
        g.setTransform(before);
    }

    private static Color colour(List<String> order, String name) {
        return COLOURS.get(order.indexOf(name) % COLOURS.size());
    }

    private record Label(String name, double y) {}

    /** At the ends of the lines; where they would lie on each other, above one another around the middle of the ends. */
    private void paintLabels(Graphics2D g, XYChart chart, List<Line> lines, List<String> order) {
        List<Label> labels = new ArrayList<>();
        for (String name : order) {
            lines.stream()
                    .filter(line -> line.name.equals(name))
                    .reduce((a, b) -> b)
                    .map(line -> Math.max(bottom, Math.min(top, line.y[line.y.length - 1])))
                    .ifPresent(y -> labels.add(new Label(name, chart.getScreenYFromChart(y))));
        }
        labels.sort(Comparator.comparingDouble(Label::y));
        double lowest = chart.getScreenYFromChart(bottom);
        double highest = chart.getScreenYFromChart(top);
        double height = Math.min(LABEL_HEIGHT, (lowest - highest) / labels.size()); // many lie on each other
        double[] at = spread(labels.stream().mapToDouble(Label::y).toArray(), height);
        for (int i = 0; i < at.length; i++) {
            double low = lowest - (at.length - 1 - i) * height;
            at[i] = Math.min(Math.max(at[i], highest + i * height), low);
        }
        double x = chart.getScreenXFromChart(chart.getStyler().getXAxisMax()) + LABEL_GAP;
        for (int i = 0; i < at.length; i++) {
            paintText(g, labels.get(i).name, LABEL_SIZE, colour(order, labels.get(i).name), x, at[i] + 4);
        }
    }

    /** Ascending places this height apart, as near to the wanted ones as the least squares are. */
    private static double[] spread(double[] wanted, double height) {
        Deque<double[]> groups = new ArrayDeque<>(); // sum and number of what is to be at one place, were labels flat
        for (int i = 0; i < wanted.length; i++) {
            double[] group = {wanted[i] - i * height, 1};
            while (!groups.isEmpty() && groups.peekLast()[0] / groups.peekLast()[1] > group[0] / group[1]) {
                double[] above = groups.removeLast();
                group = new double[] {above[0] + group[0], above[1] + group[1]};
            }
            groups.addLast(group);
        }
        double[] places = new double[wanted.length];
        int i = 0;
        for (double[] group : groups) {
            for (int k = 0; k < group[1]; k++, i++) {
                places[i] = group[0] / group[1] + i * height;
            }
        }
        return places;
    }

    private static TextLayout text(String text, float size) {
        FontRenderContext alike = new FontRenderContext(null, true, true); // whatever is painted on
        return new TextLayout(text, Panel.FONT.deriveFont(Font.BOLD, size), alike);
    }

    private static void paintText(Graphics2D g, String text, float size, Color colour, double x, double y) {
        g.setColor(colour);
        g.fill(text(text, size).getOutline(AffineTransform.getTranslateInstance(x, y)));
    }

    /** The scale of an axis of percents that begins at 0 and shows the ends of lines well. */
    public static double topFor(double largestEnd) {
        double top = Math.ceil(2.2 * (Double.isFinite(largestEnd) ? largestEnd : 50) / 5) * 5;
        return Math.min(100, Math.max(20, top)); // the paper's figure 6 ends at 20 %
    }
}
