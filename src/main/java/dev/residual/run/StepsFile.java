package dev.residual.run;

import dev.residual.AtomicFile;
import dev.residual.ResidualException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code steps.csv}: a header, then a row per minibatch, in order from 1. */
public record StepsFile(Path path) {
    private static final String HEADER = "iteration,learning_rate,loss\n";
    private static final Pattern ROW =
            Pattern.compile("(\\d{1,18}),(NUMBER),(NUMBER)".replace("NUMBER", "-?\\d+(?:\\.\\d+)?(?:E-?\\d+)?"));

    /** @param loss of the minibatch */
    public record Step(long iteration, double learningRate, double loss) {}

    /**
     * Keeps the rows of the first iterations and drops those after, which will come again, and whatever is not a row: a
     * crash may have left half of one, or lost some that were not on the disk yet.
     *
     * @return how many of the rows are missing
     */
    public long keep(long iterations) {
        StringBuilder text = new StringBuilder(HEADER);
        long last = 0;
        long kept = 0;
        for (String line : lines()) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                long iteration = Long.parseLong(row.group(1));
                if (iteration > last && iteration <= iterations) {
                    text.append(line).append('\n');
                    last = iteration;
                    kept++;
                }
            }
        }
        AtomicFile.write(path, text.toString());
        return iterations - kept;
    }

    /** The rows, after {@link #keep}. */
    public List<Step> read() {
        return lines().stream()
                .map(ROW::matcher)
                .filter(Matcher::matches)
                .map(row -> new Step(
                        Long.parseLong(row.group(1)),
                        Double.parseDouble(row.group(2)),
                        Double.parseDouble(row.group(3))))
                .toList();
    }

    private List<String> lines() {
        if (Files.notExists(path)) {
            return List.of();
        }
        try {
            return Files.readAllLines(path, StandardCharsets.ISO_8859_1); // which takes any bytes
        } catch (IOException e) {
            throw new ResidualException("cannot read " + path + ": " + ResidualException.reason(e), e);
        }
    }

    /** The loss with all its digits: it is there to be compared. */
    public void add(Step step) {
        String line = step.iteration + "," + MetricsFile.rate(step.learningRate) + "," + step.loss + "\n";
        try {
            Files.writeString(path, line, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new ResidualException("cannot write " + path + ": " + ResidualException.reason(e), e);
        }
    }
}
