package dev.residual.run;

import dev.residual.ResidualException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;

/** {@code train.log}: what happened when, a line each. */
public record RunLog(Path path) {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

    public void line(String text) {
        String line = LocalDateTime.now().format(TIME) + "  " + text + System.lineSeparator();
        try {
            Files.writeString(path, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new ResidualException("cannot write " + path + ": " + ResidualException.reason(e), e);
        }
    }
}
