package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.tensor.Engine;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How many threads an operation uses. */
final class ThreadsOption {
    @Option(
            names = "--threads",
            paramLabel = "N",
            description =
                    "Number of threads. Default: the number of cores, divided among this machine's processes; a resumed"
                            + " run keeps its own number.")
    private Integer threads;

    /** Empty where nothing was said. */
    Optional<Integer> given() {
        return Optional.ofNullable(threads);
    }

    int count() {
        return count(1);
    }

    /** @param processes that share the machine */
    int count(int processes) {
        return threads == null ? share(processes) : threads;
    }

    static int share(int processes) {
        return Math.max(1, Runtime.getRuntime().availableProcessors() / processes);
    }

    void require() {
        ResidualException.require(
                count() >= 1 && count() <= Engine.MAX_THREADS,
                "threads " + count() + ": expected 1 to " + Engine.MAX_THREADS);
    }
}
