package dev.residual.study;

import dev.residual.ResidualException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Trains runs by processes of this program, some at once: what one of them does, its memory and its end, touches no other.
 *
 * @param program what starts one, to which a command is added
 * @param parallel processes at once
 * @param threads of each; those of a run whose minibatches several processes share are divided among these
 */
public record Processes(List<String> program, int parallel, int threads) {
    private static final int TICK_MILLISECONDS = 200;

    /** The largest exit code that comes with a sentence. */
    private static final int USAGE = 2;

    /** The process that a training ends with, by its number. */
    public static final String PARENT = "RESIDUAL_PARENT";

    /** Is told what happens, by the thread that waits. */
    public interface Listener {
        /** @param from the iteration that it goes on from */
        void started(PlannedRun run, long from);

        /** It is trained by somebody else, and waited for. */
        void elsewhere(PlannedRun run);

        /** @param failure what ended it before its time, in a sentence */
        void ended(PlannedRun run, Optional<String> failure);

        /** Some time has passed. */
        void waiting();
    }

    private record Running(PlannedRun run, Process process, Path output) {}

    /**
     * Trains all of them that are not over, each from its last checkpoint, to the end.
     *
     * @param stop asked whether to have them all stop at their next step
     * @return whether every run is over now
     */
    public boolean train(List<PlannedRun> runs, Listener listener, BooleanSupplier stop) {
        Deque<PlannedRun> queue = new ArrayDeque<>(runs);
        List<Running> running = new ArrayList<>();
        Set<PlannedRun> elsewhere = new HashSet<>();
        boolean stopped = false;
        boolean complete = true;
        try {
            while (!queue.isEmpty() || !running.isEmpty()) {
                if (stop.getAsBoolean() && !stopped) {
                    stopped = true;
                    queue.clear();
                    running.forEach(r -> r.process.destroy());
                }
                for (int i = queue.size(); i > 0 && running.size() < parallel; i--) {
                    PlannedRun next = queue.remove();
                    Optional<FoundRun> found = next.found();
                    if (found.map(f -> f.state() == FoundRun.State.RUNNING).orElse(false)) {
                        queue.add(next);
                        if (elsewhere.add(next)) {
                            listener.elsewhere(next);
                        }
                    } else if (!found.map(FoundRun::isOver).orElse(false)) {
                        running.add(start(next, found));
                        listener.started(next, found.map(FoundRun::iteration).orElse(0L));
                    } else if (elsewhere.contains(next)) {
                        listener.ended(
                                next,
                                found.filter(f -> !f.isFinished())
                                        .map(f -> "it has diverged at iteration " + f.iteration()));
                    }
                }
                TimeUnit.MILLISECONDS.sleep(TICK_MILLISECONDS);
                for (Running r : List.copyOf(running)) {
                    if (!r.process.isAlive()) {
                        running.remove(r);
                        Optional<String> failure = failure(r);
                        complete &= failure.isEmpty()
                                || r.run.found().map(FoundRun::isOver).orElse(false);
                        if (!stopped) {
                            listener.ended(r.run, failure);
                        }
                    }
                }
                listener.waiting();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopped = true;
        } finally {
            running.forEach(r -> r.process.destroy());
        }
        return complete && !stopped;
    }

    private Running start(PlannedRun run, Optional<FoundRun> found) {
        List<String> command = new ArrayList<>(program);
        if (found.isPresent()) {
            command.addAll(List.of("resume", run.directory().toString()));
            int processes = found.get().config().compute().processes();
            if (processes > 1) {
                command.addAll(List.of("--processes", Integer.toString(processes)));
            }
            command.addAll(run.part().options().only("--data")); // it may have been moved since
            command.addAll(run.part().options().only("--strict"));
        } else {
            command.add("train");
            command.addAll(run.arguments());
            command.addAll(List.of(
                    "--threads",
                    Integer.toString(
                            Math.max(1, threads / run.part().wanted().split().processes())),
                    "--output",
                    run.directory().toString()));
        }
        Path output = run.directory().resolveSibling(run.name() + ".txt");
        try {
            Files.createDirectories(output.toAbsolutePath().getParent());
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.to(output.toFile()));
            builder.environment().put("RESIDUAL_TERMINAL", "0");
            builder.environment()
                    .put(PARENT, Long.toString(ProcessHandle.current().pid()));
            return new Running(run, builder.start(), output);
        } catch (IOException e) {
            throw new ResidualException("cannot start " + command.get(0) + ": " + ResidualException.reason(e), e);
        }
    }

    /** The last of what the program says on errors; one that was killed said nothing of its end. */
    private static Optional<String> failure(Running r) {
        int code = r.process.exitValue();
        if (code == 0) {
            return Optional.empty();
        }
        String ended = "it ended with code " + code + "; see " + r.output;
        if (code > USAGE) {
            return Optional.of(ended);
        }
        String prefix = "residual: ";
        try (Stream<String> lines = Files.lines(r.output)) {
            return Optional.of(lines.filter(line -> line.startsWith(prefix))
                    .reduce((a, b) -> b)
                    .map(line -> line.substring(prefix.length()))
                    .orElse(ended));
        } catch (IOException | UncheckedIOException e) {
            return Optional.of(ended);
        }
    }
}
