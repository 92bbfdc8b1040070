package dev.residual.model;

import dev.residual.tensor.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * With what, and on what machine, something was made.
 *
 * @param backend what computed, such as {@code oneDNN 3.11.0, avx2}; other versions and instructions round differently
 */
public record Software(String residual, String libtorch, String backend, String java, String os, String processor) {
    /** The versions that run now. */
    public static Software now(String backend) {
        return new Software(
                version(),
                Engine.libtorchVersion(),
                backend,
                System.getProperty("java.version") + " " + System.getProperty("java.vm.name"),
                System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                thisProcessor());
    }

    /** This program's version. */
    public static String version() {
        String version = Software.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** The processor's name where the system tells it, and how many cores there are. */
    private static String thisProcessor() {
        String name = System.getProperty("os.arch");
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            name = lines.filter(l -> l.startsWith("model name"))
                    .map(l -> l.substring(l.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(name);
        } catch (IOException | RuntimeException e) {
            // Not Linux.
        }
        return name + ", " + Runtime.getRuntime().availableProcessors() + " cores";
    }
}
