package dev.residual.run;

import dev.residual.AtomicFile;
import dev.residual.ResidualException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** {@code steps.csv}: a header, then a row a minibatch, in order from 1. */
public record StepsFile(Path path) {
    private static final String HEADER = "iteration,learning_rate,loss\n";

    /**
     * Keeps the rows of the first iterations and drops those after, which will come again.
     *
     * @throws ResidualException when it has not got that many rows
     */
    public void keep(long iterations) {
        StringBuilder text = new StringBuilder(HEADER);
        if (iterations > 0) {
            List<String> lines;
            try {
                lines = Files.readAllLines(path);
            } catch (IOException e) {
                throw new ResidualException("cannot read " + path + ": " + ResidualException.reason(e), e);
            }
            if (lines.size() <= iterations) {
                throw new ResidualException(path + ": " + (lines.size() - 1) + " rows, expected one for each of "
                        + iterations + " iterations");
            }
            lines.subList(1, Math.toIntExact(iterations + 1))
                    .forEach(line -> text.append(line).append('\n'));
        }
        AtomicFile.write(path, out -> out.write(text.toString().getBytes(StandardCharsets.UTF_8)));
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
