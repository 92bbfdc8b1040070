package dev.residual.train;

import dev.residual.tensor.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** With what, and on what machine, something was made. */
public final class Provenance {
    static final String STARTED = "started";
    static final String PRECISION = "precision";
    static final String KERNELS = "kernels";
    static final String FROM = "from";

    private Provenance() {}

    /** Versions, machine and time, as they are now; libtorch is loaded. */
    public static Map<String, String> now() {
        Map<String, String> now = new TreeMap<>();
        now.put("residual", version());
        try {
            now.put("libtorch", Engine.libtorchVersion());
        } catch (IOException e) {
            now.put("libtorch", "unknown");
        }
        now.put(KERNELS, Engine.kernels());
        now.put("java", System.getProperty("java.version") + " " + System.getProperty("java.vm.name"));
        now.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        now.put("processor", processor());
        now.put(STARTED, OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString());
        return now;
    }

    /** This program's version. */
    public static String version() {
        String version = Provenance.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** The processor's name where the system tells it, and how many there are of it. */
    private static String processor() {
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
