package dev.residual;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** The processor that this program runs on. */
public final class Processor {
    private Processor() {}

    /** Its name where the system tells it, such as {@code Intel(R) Xeon(R) Processor}; else its architecture. */
    public static String name() {
        return linux().or(() -> Optional.ofNullable(System.getenv("PROCESSOR_IDENTIFIER"))) // Windows
                .orElseGet(() -> System.getProperty("os.arch"));
    }

    private static Optional<String> linux() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(l -> l.startsWith("model name"))
                    .map(l -> l.substring(l.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException | RuntimeException e) {
            return Optional.empty(); // another system
        }
    }
}
