package dev.residual.cli;

import picocli.CommandLine.Option;

/** How many threads an operation uses. */
final class ThreadsOption {
    @Option(names = "--threads", paramLabel = "N", description = "Default: the cores.")
    private Integer threads;

    int count() {
        return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    }
}
