package dev.residual.distributed;

import dev.residual.ResidualException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The other processes of this machine: the same command once more for each, told by the environment who it is. None
 * outlives this one: each holds the other end of a pipe, which breaks however this process ends.
 */
public final class Children implements AutoCloseable {
    private static final String CHILD = "RESIDUAL_CHILD";
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final List<Child> children = new ArrayList<>();
    private volatile boolean closing;

    private record Child(int rank, Process process, Path errors) {
        /** Of what it wrote to standard error: the sentence that it ended with. */
        String lastLine() {
            try {
                List<String> lines = Files.readAllLines(errors);
                return lines.isEmpty() ? "" : ": " + lines.get(lines.size() - 1);
            } catch (IOException e) {
                return "";
            }
        }
    }

    /**
     * Starts them.
     *
     * @param count of children
     * @param command that this process was started with
     */
    public Children(Rendezvous rendezvous, int count, List<String> command) {
        World world = rendezvous.world();
        for (int local = 1; local <= count; local++) {
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().putAll(world.ofChild(local));
            builder.environment().put(CHILD, "1");
            int rank = world.place().rank() + local;
            try {
                Path errors = Files.createTempFile("residual-" + rank + "-", ".log");
                builder.redirectOutput(Redirect.DISCARD).redirectError(errors.toFile());
                Child child = new Child(rank, builder.start(), errors);
                children.add(child);
                child.process.onExit().thenAccept(ended -> ended(rendezvous, child));
            } catch (IOException e) {
                String reason = ResidualException.reason(e);
                rendezvous.lost(rank, "cannot be started: " + reason);
                close();
                throw new ResidualException("cannot start process " + rank + ": " + reason, e);
            }
        }
    }

    /** A process that is ended by a signal has 128 more than the signal's number. */
    private void ended(Rendezvous rendezvous, Child child) {
        int code = child.process.exitValue();
        if (!closing && code > 128 && code != 130) {
            rendezvous.lost(child.rank, "was killed by signal " + (code - 128));
        } else if (!closing && code != 0 && code != 130) {
            rendezvous.lost(child.rank, "has ended with exit code " + code + child.lastLine());
        }
    }

    /** Whether this process is such a child. */
    public static boolean isChild() {
        return System.getenv(CHILD) != null;
    }

    /** In a child: has it end with its parent. */
    public static void endWithParent() {
        Thread thread = new Thread(
                () -> {
                    try {
                        while (System.in.read() >= 0) {}
                    } catch (IOException e) {
                        // The same.
                    }
                    Runtime.getRuntime().halt(1);
                },
                "parent");
        thread.setDaemon(true);
        thread.start();
    }

    /** Ends those that do not end by themselves; one that is stopped too. */
    @Override
    public void close() {
        closing = true;
        long end = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
        for (Child child : children) {
            try {
                child.process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            child.process.destroyForcibly();
        }
        for (Child child : children) {
            child.process.onExit().join();
            try {
                Files.deleteIfExists(child.errors);
            } catch (IOException e) {
                // It lies where temporary files do.
            }
        }
    }
}
