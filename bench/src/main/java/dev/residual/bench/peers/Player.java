package dev.residual.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Json;
import dev.residual.ResidualException;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A contestant's process, seen from the conductor: ready once it is made. */
final class Player implements AutoCloseable {
    private static final int LOG_LINES = 5;
    private static final int SECONDS_TO_END = 20;

    private final Contestants.Entry entry;
    private final Path log;
    private final Process process;
    private final BufferedReader out;
    private final BufferedWriter in;
    private final JsonNode about;

    /**
     * @param log receives what it says on its standard error
     * @throws ResidualException when it ends before it is ready
     */
    Player(Contestants.Entry entry, Path log) throws IOException {
        this.entry = entry;
        this.log = log;
        ProcessBuilder builder = new ProcessBuilder(entry.command());
        builder.redirectError(log.toFile());
        builder.environment().keySet().removeIf(k -> k.matches("(MALLOC_|OMP_|GOMP_).*|GLIBC_TUNABLES"));
        builder.environment().putAll(entry.environment());
        process = builder.start();
        out = process.inputReader(StandardCharsets.UTF_8);
        in = process.outputWriter(StandardCharsets.UTF_8);
        about = answer();
    }

    String name() {
        return entry.name();
    }

    JsonNode about() {
        return about;
    }

    /** Lets it take so many steps, while the others wait. */
    JsonNode turn(int steps) throws IOException {
        in.write(steps + "\n");
        in.flush();
        return answer();
    }

    private JsonNode answer() throws IOException {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith("{")) { // libraries may print other things
                return Json.tree(line, entry.name());
            }
        }
        throw new ResidualException(
                "it ended; its last words (" + log + "):\n      " + String.join("\n      ", lastWords()));
    }

    private List<String> lastWords() throws IOException {
        List<String> lines = Files.readAllLines(log).stream()
                .filter(line -> !line.startsWith("\tat ")) // where in the code is for the log's reader
                .toList();
        return lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size());
    }

    /** Closes its input, upon which it ends by itself. */
    @Override
    public void close() {
        try {
            in.close();
            if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly(); // it is gone already
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
