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

/** {@code steps.csv}: a header, then a row a minibatch, in order from 1. */
public record StepsFile(Path path) {
    private static final String HEADER = "iteration,learning_rate,loss\n";
    private static final Pattern ROW = Pattern.compile("(\\d{1,18}),[-+.\\dE]+,[-+.\\dE]+");

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
        AtomicFile.write(path, out -> out.write(text.toString().getBytes(StandardCharsets.UTF_8)));
        return iterations - kept;
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

    /** @param loss of the minibatch, with all its digits: it is there to be compared */
    public void add(long iteration, double learningRate, double loss) {
        String line = iteration + "," + MetricsFile.rate(learningRate) + "," + loss + "\n";
        try {
            Files.writeString(path, line, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new ResidualException("cannot write " + path + ": " + ResidualException.reason(e), e);
        }
    }
}
