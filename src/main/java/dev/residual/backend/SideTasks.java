package dev.residual.backend;

import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * The order in which the work of a training step is done, and its threads.
 *
 * <p>A backward pass is a chain through the layers, and nothing in it waits for the gradients of the filters. So these are
 * side tasks, each computed by one thread alone: after a part of the chain, half of the threads go on along it, and each
 * of the others takes the next task that the chain has left behind; at its end the chain's thread takes what is left too.
 * So nobody waits long for anybody, and where another process wants a core, a step slows down gently. (oneDNN's gradients
 * of filters on several threads spin in a barrier until all of them are there.) Which thread computes a gradient depends
 * on the moment, but its bits never do.
 */
public final class SideTasks implements AutoCloseable {
    /** From here on the rest of the chain takes about as long as all gradients of filters do (measured). */
    private static final double OVERLAP_FROM = 5.0 / 9;

    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    private final List<CompletableFuture<Void>> running = new ArrayList<>();
    private final Threads threads;
    private final ExecutorService others;
    private boolean overlapping;
    private boolean halved;

    /** @param busyElsewhere how many cores other processes keep busy */
    SideTasks(Device device, IntSupplier busyElsewhere) {
        threads = new Threads(busyElsewhere);
        boolean alone = threads.all() == 1 || device == Device.CUDA;
        others = alone ? null : Engine.workers(threads.all() / 2, "gradients");
    }

    /** The forward pass begins. */
    public void beginForward() {
        threads.begin();
    }

    /** The backward pass begins. Where other processes want the cores, so do the tasks that it leaves behind. */
    public void beginBackward() {
        if (threads.crowded()) {
            startOthers(threads.all());
        }
    }

    /** @param share of the backward pass's multiplications that is behind it, without those of side tasks */
    public void backwardDone(double share) {
        if (share >= OVERLAP_FROM && !halved) {
            halved = true;
            startOthers(chain());
        }
    }

    /** @param fixed threads for those operations of the chain whose bits depend on it */
    private void startOthers(int fixed) {
        if (others == null) {
            return;
        }
        if (!overlapping) {
            overlapping = true;
            waiting.forEach(task -> running.add(CompletableFuture.runAsync(this::computeNext, others)));
        }
        threads.share(fixed, chain());
    }

    private int chain() {
        return threads.all() - threads.all() / 2;
    }

    /**
     * Runs a task now, or on another thread before {@link #await} returns. Its inputs must not change until then;
     * {@code task} keeps them alive.
     */
    public void later(Runnable task) {
        Runnable scoped = () -> {
            try (Scope scope = Scope.inference()) {
                task.run();
            }
        };
        if (others == null) {
            scoped.run();
        } else {
            waiting.add(scoped);
            if (overlapping) {
                running.add(CompletableFuture.runAsync(this::computeNext, others));
            }
        }
    }

    private void computeNext() {
        Runnable task = waiting.poll();
        if (task != null) { // the chain's thread may have taken it
            task.run();
        }
    }

    /** Computes something whose bits depend on the number of threads, always by the same number. */
    <T> T withFixedThreads(Supplier<T> operation) {
        return threads.withFixedThreads(operation);
    }

    /** Ends the step: returns when all tasks are done. */
    public void await() {
        try {
            Engine.useThreads(1);
            while (!waiting.isEmpty()) {
                computeNext();
            }
        } finally {
            waiting.clear();
            CompletableFuture<Void> all = CompletableFuture.allOf(running.toArray(CompletableFuture[]::new));
            running.clear();
            overlapping = false;
            halved = false;
            threads.end();
            all.join();
        }
    }

    @Override
    public void close() {
        if (others != null) {
            others.shutdown();
        }
    }
}
