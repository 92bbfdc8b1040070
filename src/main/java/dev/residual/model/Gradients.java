package dev.residual.model;

import dev.residual.tensor.BusyCores;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.MapPool;
import dev.residual.tensor.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.function.IntSupplier;
import org.bytedeco.pytorch.Tensor;

/**
 * The gradients of a network's trained numbers, float32, in memory that is used again for each step.
 *
 * <p>A backward pass is a chain through the layers, and nothing in it waits for the gradients of the filters. So these
 * may come later, each computed by one thread alone: from {@link #overlap} on, half of the engine's threads go along the
 * chain, and each of the others takes the next filters' gradient that the chain has left behind; at its end, the chain's
 * thread takes what is left too. So nobody waits for long for anybody. Where another process wants a core, a step slows
 * down gently, and these gradients may begin with the way back. (oneDNN's filter gradients on several threads spin in a
 * barrier until all of them are there.) Which thread computes a gradient depends on the moment, but never its bits.
 */
public final class Gradients implements AutoCloseable {
    private final Row row;
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    private final List<CompletableFuture<Void>> running = new ArrayList<>();
    private final Threads threads;
    private final MapPool pool = new MapPool();
    private final ExecutorService side;
    private boolean overlapping;

    public Gradients(State state) {
        this(state, new BusyCores());
    }

    /** @param busyElsewhere how many cores other processes keep busy */
    Gradients(State state, IntSupplier busyElsewhere) {
        threads = new Threads(busyElsewhere);
        row = state.newRow();
        boolean alone = threads.all() == 1 || state.device() == Device.CUDA;
        side = alone ? null : Engine.workers(threads.all() / 2, "gradients");
    }

    Threads threads() {
        return threads;
    }

    /** Memory for what the way there and back makes. */
    MapPool pool() {
        return pool;
    }

    /** What the last backward pass found. */
    public Row row() {
        return row;
    }

    /** Where a parameter's gradient belongs. */
    Tensor of(String name) {
        return row.views().get(name);
    }

    /** Takes a copy of a parameter's gradient. */
    void put(String name, Tensor gradient) {
        of(name).copy_(gradient);
    }

    /**
     * Has gradients computed, and put, that nothing waits for; perhaps in another thread. What they are computed from must
     * stay as it is until {@link #await}, and {@code computation} keeps it alive.
     */
    void later(Runnable computation) {
        Runnable work = () -> {
            try (Scope scope = Scope.inference()) {
                computation.run();
            }
        };
        if (side == null) {
            work.run();
        } else {
            waiting.add(work);
            if (overlapping) {
                running.add(CompletableFuture.runAsync(this::computeNext, side));
            }
        }
    }

    private void computeNext() {
        Runnable work = waiting.poll();
        if (work != null) { // the chain's thread may have taken it
            work.run();
        }
    }

    /** The way back begins. Where others want the cores, so does what it leaves behind. */
    void beginBackward() {
        if (threads.crowded()) {
            startOthers(threads.all());
        }
    }

    /** From here on the chain leaves half of the threads to what was put off. */
    void overlap() {
        startOthers(chain());
    }

    /** @param exact threads for what the chain computes {@link Threads#exactly} */
    private void startOthers(int exact) {
        if (side == null) {
            return;
        }
        if (!overlapping) {
            overlapping = true;
            waiting.forEach(work -> running.add(CompletableFuture.runAsync(this::computeNext, side)));
        }
        threads.share(exact, chain());
    }

    private int chain() {
        return threads.all() - threads.all() / 2;
    }

    /** Returns when all gradients are there. */
    void await() {
        try {
            Engine.useThreads(1);
            while (!waiting.isEmpty()) {
                computeNext();
            }
        } finally {
            waiting.clear();
            CompletableFuture<Void> others = CompletableFuture.allOf(running.toArray(CompletableFuture[]::new));
            running.clear();
            overlapping = false;
            threads.end();
            others.join();
        }
    }

    @Override
    public void close() {
        if (side != null) {
            side.shutdown();
        }
        pool.close();
        row.close();
    }
}
