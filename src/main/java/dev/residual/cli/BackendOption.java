package dev.residual.cli;

import picocli.CommandLine.Option;

/** Who computes. */
final class BackendOption {
    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "onednn, libtorch, or auto: oneDNN on a CPU that it has fast kernels for."
                    + " Default: ${DEFAULT-VALUE}.")
    private String name;

    String name() {
        return name;
    }
}
