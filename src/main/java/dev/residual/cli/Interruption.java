package dev.residual.cli;

import dev.residual.study.Processes;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * Ctrl-C and SIGTERM while a network is trained: asks the training to stop after its step, and lets the process end only
 * when the main thread has written the checkpoint and knows its exit code.
 */
final class Interruption implements BooleanSupplier, AutoCloseable {
    private static final CompletableFuture<Integer> EXIT_CODE = new CompletableFuture<>();

    private final Console console;
    private final Thread hook = new Thread(this::stop, "interruption");
    private volatile boolean requested;

    Interruption(Console console) {
        this.console = console;
        Runtime.getRuntime().addShutdownHook(hook);
        String parent = System.getenv(Processes.PARENT);
        if (parent != null) {
            endWith(Long.parseLong(parent));
        }
    }

    /** A study that is killed leaves no training behind. */
    private void endWith(long process) {
        ProcessHandle.of(process)
                .ifPresentOrElse(p -> p.onExit().thenRun(() -> requested = true), () -> requested = true);
    }

    /** Ends the process; an interruption that is under way ends with this code too, not with the signal's. */
    static void exit(int code) {
        EXIT_CODE.complete(code);
        System.exit(code);
    }

    private void stop() {
        requested = true;
        console.note("Interrupted: finishing the step and writing the checkpoint …");
        Runtime.getRuntime().halt(EXIT_CODE.join());
    }

    @Override
    public boolean getAsBoolean() {
        return requested;
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending already; the hook waits for the exit code.
        }
    }
}
