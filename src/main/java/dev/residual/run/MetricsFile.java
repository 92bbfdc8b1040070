package dev.residual.run;

import dev.residual.AtomicFile;
import dev.residual.ResidualException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** {@code metrics.csv}: a header, then a row per epoch. Numbers that do not exist are empty. */
public record MetricsFile(Path path) {
    private static final String HEADER = "epoch,iteration,learning_rate,train_loss,train_accuracy,"
            + "test_loss,test_accuracy,seconds,images_per_second,validation_loss,validation_accuracy";

    private static final int COLUMNS = HEADER.split(",").length;

    /** Replaces the file. It is small, and so never half-written. */
    public void write(List<Metrics> rows) {
        String text = rows.stream().map(MetricsFile::line).collect(Collectors.joining("\n", HEADER + "\n", "\n"));
        AtomicFile.write(path, text.stripTrailing().concat("\n"));
    }

    private static String line(Metrics m) {
        return String.join(
                ",",
                Integer.toString(m.epoch()),
                Long.toString(m.iteration()),
                rate(m.learningRate()),
                number(m.train().loss(), 6),
                number(m.train().accuracy(), 3),
                number(m.test().loss(), 6),
                number(m.test().accuracy(), 3),
                number(m.time().seconds(), 2),
                number(m.time().imagesPerSecond(), 1),
                number(m.validation().loss(), 6),
                number(m.validation().accuracy(), 3));
    }

    /** A row for people: what it measured, without what does not exist. */
    public static String words(Metrics m) {
        List<String> words = new ArrayList<>();
        add(words, "train", m.train());
        add(words, "test", m.test());
        add(words, "validation", m.validation());
        return String.join(", ", words);
    }

    private static void add(List<String> words, String set, Score score) {
        if (!Double.isNaN(score.loss())) {
            words.add(set + " loss " + number(score.loss(), 4));
        }
        if (!Double.isNaN(score.accuracy())) {
            words.add(set + " accuracy " + number(score.accuracy(), 2) + " %");
        }
    }

    private static String number(double value, int decimals) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    /** A learning rate as people write it: 0.1 · 0.1 is 0.01, not 0.010000000000000002. */
    public static String rate(double value) {
        return new BigDecimal(Float.toString((float) value))
                .stripTrailingZeros()
                .toPlainString();
    }

    /**
     * The rows so far; none when there is no file.
     *
     * @throws ResidualException when a line is not as this program writes it
     */
    public List<Metrics> read() {
        if (!Files.exists(path)) {
            return List.of();
        }
        List<String> lines;
        try {
            lines = Files.readAllLines(path);
        } catch (IOException e) {
            throw new ResidualException("cannot read " + path + ": " + ResidualException.reason(e), e);
        }
        if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
            throw new ResidualException(path + ": line 1: expected " + HEADER);
        }
        List<Metrics> rows = new ArrayList<>();
        for (int i = 1; i < lines.size(); i++) {
            rows.add(parse(lines.get(i), i + 1));
        }
        return rows;
    }

    private Metrics parse(String line, int lineNumber) {
        String[] cells = line.split(",", -1);
        try {
            if (cells.length != COLUMNS) {
                throw new NumberFormatException();
            }
            double[] values = new double[COLUMNS];
            for (int i = 2; i < COLUMNS; i++) {
                values[i] = cells[i].isEmpty() ? Double.NaN : Double.parseDouble(cells[i]);
            }
            return new Metrics(
                    Integer.parseInt(cells[0]),
                    Long.parseLong(cells[1]),
                    values[2],
                    new Score(values[3], values[4]),
                    new Score(values[5], values[6]),
                    new Score(values[9], values[10]),
                    new Metrics.Time(values[7], values[8]));
        } catch (NumberFormatException e) {
            throw new ResidualException(path + ": line " + lineNumber + ": expected " + COLUMNS + " numbers", e);
        }
    }
}
