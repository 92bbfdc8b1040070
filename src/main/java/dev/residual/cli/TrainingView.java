package dev.residual.cli;

import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.train.Progress;
import dev.residual.train.Recipe;
import dev.residual.train.TrainingListener;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressState;

/** What a person sees while a network is trained: a line an epoch and, at a terminal, a bar below. */
final class TrainingView implements TrainingListener, AutoCloseable {
    private static final int GAUGE = 24;

    private final Console console;
    private final boolean articleStyle;
    private final long lastIteration;
    private final int epochs;
    private final int batchesPerEpoch;
    private final ProgressBar bar;
    private volatile Progress progress;
    private volatile boolean evaluating;

    TrainingView(Console console, Recipe recipe, Progress start, long lastIteration, int batchesPerEpoch) {
        this.console = console;
        this.articleStyle = recipe.name().equals("article");
        this.progress = start;
        this.lastIteration = lastIteration;
        this.batchesPerEpoch = batchesPerEpoch;
        this.epochs = (int) ((lastIteration + batchesPerEpoch - 1) / batchesPerEpoch);
        this.bar = console.terminal() ? console.start(start.iteration(), lastIteration, this::render) : null;
    }

    @Override
    public void onStep(Progress now, double loss, double learningRate) {
        progress = now;
        evaluating = false;
        if (bar != null) {
            bar.stepTo(now.iteration());
        }
    }

    @Override
    public void onEvaluation(Progress now) {
        evaluating = true;
    }

    @Override
    public void onWarning(String sentence) {
        console.warn(sentence);
    }

    @Override
    public void onLearningRate(long iteration, double learningRate) {
        if (iteration > 0) {
            console.line((articleStyle ? "change lr" : "learning rate") + ": " + MetricsFile.rate(learningRate)
                    + " from iteration " + iteration + " on");
        }
    }

    @Override
    public void onEpoch(Metrics m) {
        console.line(articleStyle ? articleLine(m) : line(m));
    }

    /** The line that the article's code prints. Its loss is the sum over an epoch's minibatches, divided by 100. */
    private String articleLine(Metrics m) {
        return String.format(
                Locale.ROOT,
                "epoch %d, loss %.3f, train_acc %.3f %%, test_acc %.3f %%",
                m.epoch(),
                m.epoch() == 0 ? 0 : m.trainLoss() * batchesPerEpoch / 100,
                m.trainAccuracy(),
                m.testAccuracy());
    }

    private String line(Metrics m) {
        int width = Integer.toString(epochs).length();
        String trained = Double.isNaN(m.trainLoss())
                ? " ".repeat(29)
                : String.format(Locale.ROOT, "loss %6.4f   train %6.2f %%", m.trainLoss(), m.trainAccuracy());
        String validated = Double.isNaN(m.validationAccuracy())
                ? ""
                : String.format(Locale.ROOT, "   validation %5.2f %%", m.validationAccuracy());
        String speed = Double.isNaN(m.imagesPerSecond())
                ? ""
                : String.format(Locale.ROOT, "   %,6.0f images/s", m.imagesPerSecond());
        return String.format(
                        Locale.ROOT, "epoch %" + width + "d/%d   iteration %6d   ", m.epoch(), epochs, m.iteration())
                + trained
                + validated
                + String.format(Locale.ROOT, "   test %5.2f %%", m.testAccuracy())
                + speed;
    }

    private String render(ProgressState ignored, int columns) {
        Progress p = progress;
        double fraction = (double) p.iteration() / lastIteration;
        String text = " " + Console.gauge(fraction, GAUGE) + String.format(Locale.ROOT, " %3.0f %%", 100 * fraction)
                + "  " + p.iteration() + "/" + lastIteration;
        if (p.images() > 0) {
            text += String.format(
                    Locale.ROOT,
                    "  loss %.3f  acc %.1f %%  %,.0f images/s",
                    p.trainLoss(),
                    p.trainAccuracy(),
                    p.imagesPerSecond());
        }
        if (p.iteration() > 0) {
            text += "  " + Console.span(p.seconds() / p.iteration() * (lastIteration - p.iteration())) + " left";
        }
        if (evaluating) {
            text += "  evaluating …";
        }
        return text.length() > columns && columns > 0 ? text.substring(0, columns) : text;
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
