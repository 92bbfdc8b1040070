package dev.residual.cli;

import dev.residual.Text;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.Progress;
import dev.residual.train.TrainingEvent;
import dev.residual.train.TrainingEvent.EpochEnded;
import dev.residual.train.TrainingEvent.Evaluating;
import dev.residual.train.TrainingEvent.LearningRateChanged;
import dev.residual.train.TrainingEvent.Stepped;
import dev.residual.train.TrainingEvent.Warning;
import dev.residual.train.TrainingRun;
import java.util.Locale;
import java.util.function.Consumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressState;

/** What a person sees while a network is trained: a line an epoch and, at a terminal, a bar below. */
final class TrainingView implements Consumer<TrainingEvent>, AutoCloseable {
    private static final int GAUGE = 24;

    private final Console console;
    private final boolean articleStyle;
    private final long lastIteration;
    private final int epochs;
    private final int batchesPerEpoch;
    private final ProgressBar bar;
    private volatile Progress progress;
    private volatile boolean evaluating;

    TrainingView(Console console, TrainingRun run) {
        this.console = console;
        articleStyle = run.config().recipe().name().equals("article");
        progress = run.start();
        lastIteration = run.lastIteration();
        batchesPerEpoch = run.batchesPerEpoch();
        epochs = (int) ((lastIteration + batchesPerEpoch - 1) / batchesPerEpoch);
        bar = console.terminal() ? console.start(progress.iteration(), lastIteration, this::render) : null;
    }

    @Override
    public void accept(TrainingEvent event) {
        if (event instanceof Stepped s) {
            progress = s.progress();
            evaluating = false;
            if (bar != null) {
                bar.stepTo(progress.iteration());
            }
        } else if (event instanceof Evaluating) {
            evaluating = true;
        } else if (event instanceof EpochEnded e) {
            console.line(articleStyle ? articleLine(e.metrics()) : line(e.metrics()));
        } else if (event instanceof LearningRateChanged c && c.iteration() > 0) {
            console.line((articleStyle ? "change lr" : "learning rate") + ": " + MetricsFile.rate(c.learningRate())
                    + " from iteration " + c.iteration() + " on");
        } else if (event instanceof Warning w) {
            console.warn(w.sentence());
        }
    }

    /** The line that the article's code prints. Its loss is the sum over an epoch's minibatches, divided by 100. */
    private String articleLine(Metrics m) {
        return String.format(
                Locale.ROOT,
                "epoch %d, loss %.3f, train_acc %.3f %%, test_acc %.3f %%",
                m.epoch(),
                m.epoch() == 0 ? 0 : m.train().loss() * batchesPerEpoch / 100,
                m.train().accuracy(),
                m.test().accuracy());
    }

    private String line(Metrics m) {
        int width = Integer.toString(epochs).length();
        String trained = Double.isNaN(m.train().loss())
                ? " ".repeat(29)
                : String.format(
                        Locale.ROOT,
                        "loss %6.4f   train %6.2f %%",
                        m.train().loss(),
                        m.train().accuracy());
        String validated = Double.isNaN(m.validation().accuracy())
                ? ""
                : String.format(
                        Locale.ROOT, "   validation %5.2f %%", m.validation().accuracy());
        String speed = Double.isNaN(m.time().imagesPerSecond())
                ? ""
                : String.format(Locale.ROOT, "   %,6.0f images/s", m.time().imagesPerSecond());
        return String.format(
                        Locale.ROOT, "epoch %" + width + "d/%d   iteration %6d   ", m.epoch(), epochs, m.iteration())
                + trained
                + validated
                + String.format(Locale.ROOT, "   test %5.2f %%", m.test().accuracy())
                + speed;
    }

    private String render(ProgressState ignored, int columns) {
        Progress p = progress;
        double fraction = (double) p.iteration() / lastIteration;
        String text = " " + Console.gauge(fraction, GAUGE) + String.format(Locale.ROOT, " %3.0f %%", 100 * fraction)
                + "  " + p.iteration() + "/" + lastIteration;
        if (p.epochSums().images() > 0) {
            text += String.format(
                    Locale.ROOT,
                    "  loss %.3f  acc %.1f %%  %,.0f images/s",
                    p.trainingScore().loss(),
                    p.trainingScore().accuracy(),
                    p.imagesPerSecond());
        }
        if (p.iteration() > 0) {
            text += "  " + Text.duration(p.seconds() / p.iteration() * (lastIteration - p.iteration())) + " left";
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
