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
import dev.residual.train.TrainingEvent.StoppedEarly;
import dev.residual.train.TrainingEvent.Warning;
import dev.residual.train.TrainingRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressState;

/**
 * What a person sees while a network is trained: a table with a row per epoch, which fits into 80 columns, and, at a
 * terminal, a bar below it.
 */
final class TrainingView implements Consumer<TrainingEvent>, AutoCloseable {
    private static final int GAUGE = 10;

    private final Console console;
    private final boolean articleStyle;
    private final long lastIteration;
    private final int epochs;
    private final int batchesPerEpoch;
    private final ProgressBar bar;
    private final boolean validated;
    private boolean headed;
    private volatile Progress progress;
    private volatile boolean evaluating;
    private long evaluationStart;
    private double evaluationSeconds;
    private int evaluations;

    TrainingView(Console console, TrainingRun run) {
        this.console = console;
        articleStyle = run.config().recipe().name().equals("article");
        validated = run.config().data().validation() > 0;
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
            evaluationStart = System.nanoTime();
        } else if (event instanceof EpochEnded e) {
            evaluationSeconds += (System.nanoTime() - evaluationStart) / 1e9;
            evaluations++;
            if (!articleStyle && !headed) {
                console.line(header());
                headed = true;
            }
            console.line(articleStyle ? articleLine(e.metrics()) : row(e.metrics()));
        } else if (event instanceof LearningRateChanged c && c.iteration() > 0) {
            console.line((articleStyle ? "change lr" : "learning rate") + ": " + MetricsFile.rate(c.learningRate())
                    + " from iteration " + c.iteration() + " on");
        } else if (event instanceof StoppedEarly s) {
            console.line("stopped early: the validation accuracy has not improved since epoch "
                    + s.progress().evaluations().bestEpoch());
        } else if (event instanceof Warning w) {
            console.warn(w.sentence());
        }
    }

    /** The line that the article's code prints. Its loss is the sum over an epoch's minibatches, divided by 100. */
    private String articleLine(Metrics m) {
        double train = m.train().accuracy();
        return String.format(
                Locale.ROOT,
                "epoch %d, loss %.3f, %stest_acc %.3f %%",
                m.epoch(),
                m.epoch() == 0 ? 0 : m.train().loss() * batchesPerEpoch / 100,
                Double.isNaN(train) ? "" : String.format(Locale.ROOT, "train_acc %.3f %%, ", train),
                m.test().accuracy());
    }

    private String header() {
        return line("epoch", "iteration", "loss", "train %", "valid. %", "test %", "images/s", "elapsed", "left");
    }

    private String row(Metrics m) {
        return line(
                m.epoch() + "/" + epochs,
                Long.toString(m.iteration()),
                figure("%.4f", m.train().loss()),
                figure("%.2f", m.train().accuracy()),
                figure("%.2f", m.validation().accuracy()),
                figure("%.2f", m.test().accuracy()),
                figure("%,.0f", m.time().imagesPerSecond()),
                Text.clock(m.time().seconds()),
                m.iteration() == 0 ? "" : Text.clock(left(m.time().seconds(), m.iteration())));
    }

    /** In 78 columns; that of the validation set only where there is one. */
    private String line(Object... cells) {
        String validation = validated ? "%5$8s " : "";
        return String.format(Locale.ROOT, "%1$9s %2$9s %3$7s %4$7s " + validation + "%6$7s %7$8s %8$8s %9$8s", cells);
    }

    private static String figure(String format, double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
    }

    /** @param seconds of training, without the evaluations */
    private double left(double seconds, long iteration) {
        long iterations = lastIteration - iteration;
        long evaluationsLeft = iterations == 0 ? 0 : epochs - iteration / batchesPerEpoch;
        return seconds / iteration * iterations + evaluationSeconds / Math.max(1, evaluations) * evaluationsLeft;
    }

    /** By worth, as many of its fields as fit: the epoch with a gauge of its own, the whole run, and what is learnt. */
    private String render(ProgressState ignored, int columns) {
        Progress p = progress;
        long inEpoch = p.iteration() % batchesPerEpoch;
        long epoch = Math.min(epochs, p.iteration() / batchesPerEpoch + 1);
        List<String> fields = new ArrayList<>();
        fields.add(String.format(
                Locale.ROOT,
                "%9s %s %,d/%,d",
                epoch + "/" + epochs,
                Console.gauge((double) inEpoch / batchesPerEpoch, GAUGE),
                p.iteration(),
                lastIteration));
        if (p.iteration() > 0) {
            fields.add(Text.clock(p.seconds()));
            fields.add(Text.clock(left(p.seconds(), p.iteration())) + " left");
        }
        if (evaluating) {
            fields.add("evaluating …");
        } else if (p.epochSums().images() > 0) {
            fields.add(String.format(Locale.ROOT, "loss %.3f", p.trainingScore().loss()));
            fields.add(
                    String.format(Locale.ROOT, "acc %.1f %%", p.trainingScore().accuracy()));
            fields.add(String.format(Locale.ROOT, "%,.0f images/s", p.imagesPerSecond()));
        }
        return Console.fitting(fields, columns);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
