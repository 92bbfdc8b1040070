package dev.residual.report;

import dev.residual.recipe.Schedule.Change;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.font.TextLayout;
import java.awt.geom.AffineTransform;
import java.awt.geom.Line2D;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * The learning curves of one run in one picture: the loss above, the accuracy in percent below.
 *
 * @param name of the run, for the title
 * @param metrics one row per epoch, in order; values that are NaN or infinite are not drawn
 * @param changes of the learning rate; each becomes a vertical line with the new rate
 *     above it. Those that the run has not passed are left out
 * @param width in pixels
 */
public record Curves(String name, List<Metrics> metrics, List<Change> changes, Look look, int width) implements Chart {
    private static final int WIDTH = 800;
    private static final int NARROW = 420;
    private static final int HEIGHT = 600;

    /** The upper panel has the title, the lower one the label of the x-axis; their plots are equally high. */
    private static final int UPPER = 300;

    /** Cut off at the top: XChart leaves as much room above a title as below it, where the learning rates need it. */
    private static final int RAISE = 16;

    /** More points than this are drawn without markers. */
    private static final int MARKED_POINTS = 30;

    /** From this ratio of the largest to the smallest loss on, its axis is logarithmic. */
    private static final double LOG_RATIO = 10;

    /** Longer names are cut in the title. */
    private static final int NAME_LENGTH = 48;

    // Blue, vermilion: told apart by the colour-blind (Okabe and Ito, 2008).
    private static final Color TRAIN = new Color(0x0072B2);
    private static final Color TEST = new Color(0xD55E00);
    private static final Color CHANGE = new Color(0x777777);

    /** What the picture looks like. */
    public enum Look {
        /** Over iterations, as in the figures of He et al. (2015). */
        ITERATIONS,
        /** Over epochs, with round markers and a dashed line at 0.5 on the axis of percents. */
        ARTICLE
    }

    public Curves(String name, List<Metrics> metrics, List<Change> changes, Look look) {
        this(name, metrics, changes, look, WIDTH);
    }

    public Curves {
        metrics = List.copyOf(metrics);
        changes = List.copyOf(changes);
    }

    @Override
    public int height() {
        return HEIGHT;
    }

    /** The same for a narrow screen, where letters would be too small otherwise. */
    Curves narrow() {
        return new Curves(name, metrics, changes, look, NARROW);
    }

    @Override
    public void paint(Graphics2D g) {
        g.translate(0, -RAISE);
        XYChart loss = Panel.arranged(
                lossPanel(width == WIDTH),
                width,
                UPPER + RAISE,
                LegendPosition.InsideNE,
                LegendPosition.InsideSE,
                LegendPosition.InsideSW);
        loss.paint(g, width, UPPER + RAISE);
        paintChanges(g, loss, true);
        g.translate(0, UPPER + RAISE);
        XYChart accuracy = Panel.arranged(
                accuracyPanel(),
                width,
                HEIGHT - UPPER,
                LegendPosition.InsideSE,
                LegendPosition.InsideNW,
                LegendPosition.InsideNE);
        accuracy.paint(g, width, HEIGHT - UPPER);
        paintChanges(g, accuracy, false);
    }

    /** @param named whether there is room for the run's name */
    private XYChart lossPanel(boolean named) {
        XYChart chart = panel("Loss");
        chart.getStyler().setXAxisTicksVisible(false);
        chart.setTitle(title(named));
        addSeries(chart, "train", m -> m.train().loss(), TRAIN, 2);
        if (look != Look.ARTICLE) {
            addSeries(chart, "test", m -> m.test().loss(), TEST, 1.25f);
        }

        double[] values = chart.getSeriesMap().values().stream()
                .flatMapToDouble(s -> DoubleStream.of(s.getYData()))
                .toArray();
        double min = DoubleStream.of(values).min().orElse(0);
        double max = DoubleStream.of(values).max().orElse(1);
        max = max > 0 ? max : 1;
        boolean log = look != Look.ARTICLE && min > 0 && max / min >= LOG_RATIO;
        chart.getStyler().setYAxisLogarithmic(log);
        if (log) {
            chart.getStyler().setYAxisMin(0.9 * Math.pow(10, Math.floor(Math.log10(min))));
            chart.getStyler().setYAxisMax(1.3 * max);
        } else {
            chart.getStyler().setYAxisMin(-0.03 * max);
            chart.getStyler().setYAxisMax(1.05 * max);
        }
        return chart;
    }

    private String title(boolean named) {
        double accuracy = metrics.isEmpty()
                ? Double.NaN
                : metrics.get(metrics.size() - 1).test().accuracy();
        String shortName = name.length() > NAME_LENGTH ? name.substring(0, NAME_LENGTH - 1) + "…" : name;
        String reached = Double.isNaN(accuracy) ? "" : String.format(Locale.ROOT, "%.2f %% test accuracy", accuracy);
        return !named ? reached : reached.isEmpty() ? shortName : shortName + ": " + reached;
    }

    private XYChart accuracyPanel() {
        XYChart chart = panel("Accuracy (%)");
        chart.setXAxisTitle(look == Look.ITERATIONS ? "Iteration" : "Epoch");
        addSeries(chart, "train", m -> m.train().accuracy(), TRAIN, 2);
        addSeries(chart, look == Look.ARTICLE ? "val" : "test", m -> m.test().accuracy(), TEST, 2);
        if (look == Look.ARTICLE) {
            // The article draws it on this axis, whose unit is percent: it lies at the bottom.
            XYSeries half = chart.addSeries("0.5", new double[] {0, lastX()}, new double[] {0.5, 0.5});
            half.setMarker(SeriesMarkers.NONE).setLineColor(Color.BLACK).setLineStyle(Panel.dashed(1.5f));
        }
        chart.getStyler().setYAxisMin(-3.0);
        chart.getStyler().setYAxisMax(104.0);
        return chart;
    }

    private XYChart panel(String yTitle) {
        XYChart chart = Panel.empty(yTitle);
        chart.getStyler().setXAxisDecimalPattern(look == Look.ITERATIONS ? "#,##0" : "0");
        // A margin, so that markers are whole and the ticks at both ends are labelled.
        chart.getStyler().setXAxisMin(-0.015 * lastX()).setXAxisMax(1.015 * lastX());
        return chart;
    }

    private void addSeries(XYChart chart, String label, ToDoubleFunction<Metrics> value, Color colour, float width) {
        List<Metrics> drawn = metrics.stream()
                .filter(m -> Double.isFinite(value.applyAsDouble(m)))
                .toList();
        if (drawn.isEmpty()) {
            return;
        }
        double[] x = drawn.stream().mapToDouble(this::x).toArray();
        double[] y = drawn.stream().mapToDouble(value).toArray();
        boolean marked = look == Look.ARTICLE || drawn.size() <= MARKED_POINTS;
        chart.addSeries(label, x, y)
                .setMarker(marked ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE)
                .setMarkerColor(colour)
                .setLineColor(colour)
                .setLineStyle(new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    }

    private double x(Metrics m) {
        return look == Look.ITERATIONS ? m.iteration() : m.epoch();
    }

    /** The last epoch or iteration, at least 1. */
    private double lastX() {
        return Math.max(1, metrics.stream().mapToDouble(this::x).max().orElse(1));
    }

    /** Over a painted chart the changes of the learning rate, labelled above the plot. */
    private void paintChanges(Graphics2D g, XYChart chart, boolean labelled) {
        double top = chart.getScreenYFromChart(chart.getStyler().getYAxisMax());
        double bottom = chart.getScreenYFromChart(chart.getStyler().getYAxisMin());
        double free = 0;
        for (Change change : changes) {
            Metrics after = metrics.stream()
                    .filter(m -> m.iteration() > change.iteration())
                    .findFirst()
                    .orElse(null);
            if (after == null) {
                return;
            }
            // An epoch has as many iterations everywhere in a run.
            double x = chart.getScreenXFromChart(change.iteration() * (x(after) / after.iteration()));
            g.setColor(CHANGE);
            g.setStroke(Panel.dashed(1));
            g.draw(new Line2D.Double(x, top, x, bottom));
            if (labelled) {
                String rate = MetricsFile.rate(change.rate());
                TextLayout label = new TextLayout("lr " + rate, Panel.FONT.deriveFont(12f), g.getFontRenderContext());
                double left = x - label.getAdvance() / 2;
                if (left > free) {
                    g.fill(label.getOutline(AffineTransform.getTranslateInstance(left, top - 5)));
                    free = left + label.getAdvance() + 6;
                }
            }
        }
    }
}
