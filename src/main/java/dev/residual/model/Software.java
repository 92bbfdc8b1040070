package dev.residual.model;

import dev.residual.Processor;
import dev.residual.tensor.Engine;

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
                Processor.name() + ", " + Runtime.getRuntime().availableProcessors() + " cores");
    }

    /** This program's version. */
    public static String version() {
        String version = Software.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
