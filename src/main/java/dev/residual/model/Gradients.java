package dev.residual.model;

import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The gradients of a network's trained numbers, float32, in memory that is used again for each step.
 *
 * <p>A backward pass is a chain through the layers, and nothing in it waits for the gradients of the filters. So these
 * may come later, by another thread: from {@link #overlap} on, half of the engine's threads go along the chain, and the
 * other half fill in what it leaves behind. Two operations side by side, each with threads of its own, wait for each
 * other less than all threads do within every operation: where another process wants a core too, a step slows down
 * gently. (oneDNN's filter gradients spin in a barrier until all of their threads are there.)
 */
public final class Gradients implements AutoCloseable {
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final List<Runnable> waiting = new ArrayList<>();
    private final List<Future<?>> running = new ArrayList<>();
    private final int threads = Engine.threads();
    private final ExecutorService side;
    private boolean overlapping;

    public Gradients(State state) {
        state.tensors().forEach((p, tensor) -> {
            if (p.trained()) {
                try (Scope scope = Scope.noGrad()) {
                    tensors.put(p.name(), scope.keep(torch.zeros_like(tensor)));
                }
            }
        });
        boolean alone = threads == 1 || state.device() == Device.CUDA;
        side = alone ? null : Executors.newSingleThreadExecutor(Gradients::daemon);
        if (!alone) {
            side.execute(() -> Engine.useThreads(threads / 2));
        }
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "gradients");
        thread.setDaemon(true);
        return thread;
    }

    /** What the last backward pass found for this parameter. */
    public Tensor get(String name) {
        return tensors.get(name);
    }

    /** Takes a copy of a parameter's gradient. */
    void put(String name, Tensor gradient) {
        tensors.get(name).copy_(gradient);
    }

    /** The same for a gradient that nothing waits for. What it is computed from must stay as it is until {@link #await}. */
    void putLater(String name, Supplier<Tensor> gradient) {
        Runnable work = () -> {
            try (Scope scope = Scope.noGrad()) {
                put(name, gradient.get());
            }
        };
        if (side == null) {
            work.run();
        } else if (overlapping) {
            running.add(side.submit(work));
        } else {
            waiting.add(work);
        }
    }

    /** From here on the chain leaves half of the threads to what was put off. */
    void overlap() {
        if (side != null) {
            overlapping = true;
            waiting.forEach(work -> running.add(side.submit(work)));
            waiting.clear();
            Engine.useThreads(threads - threads / 2);
        }
    }

    /** Returns when all gradients are there. */
    void await() {
        try {
            for (Future<?> work : running) {
                work.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("a gradient could not be computed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for gradients", e);
        } finally {
            running.clear();
            waiting.clear();
            overlapping = false;
            Engine.useThreads(threads);
        }
    }

    @Override
    public void close() {
        if (side != null) {
            side.shutdown();
        }
        tensors.values().forEach(Tensor::close);
        tensors.clear();
    }
}
