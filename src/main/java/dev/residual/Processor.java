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
        return linux("model name").or(Processor::windows).orElseGet(() -> System.getProperty("os.arch"));
    }

    /** Who made it: {@code GenuineIntel} or {@code AuthenticAMD}, perhaps among other words; empty where nobody tells. */
    public static String vendor() {
        return linux("vendor_id").or(Processor::windows).orElse("");
    }

    private static Optional<String> linux(String key) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(l -> l.startsWith(key))
                    .map(l -> l.substring(l.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException | RuntimeException e) {
            return Optional.empty(); // another system
        }
    }

    /** Such as {@code Intel64 Family 6 Model 143 Stepping 8, GenuineIntel}. */
    private static Optional<String> windows() {
        return Optional.ofNullable(System.getenv("PROCESSOR_IDENTIFIER"));
    }
}
