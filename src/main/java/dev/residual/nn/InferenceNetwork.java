package dev.residual.nn;

import dev.residual.backend.Backend;
import dev.residual.backend.InferencePlan;
import dev.residual.backend.Pass.Statistics;
import dev.residual.graph.Folding;
import dev.residual.graph.Fusion;
import dev.residual.graph.Graph;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/**
 * A network for inference: BN folded into convolutions, operations fused, everything prepared once.
 *
 * <p>The logits of an image depend on no other image. So many images are divided into parts, and each of the engine's
 * threads, the caller's first, takes the next part and computes it alone: threads wait only at the end, and those whose
 * core is shared with another process compute fewer parts. Any number of threads may use one network at once; none may when it is closed.
 */
public final class InferenceNetwork implements AutoCloseable {
    /** Images of a part, at most. Fewer or more (16 to 256 were tried) are hardly faster an image; more take more memory. */
    private static final int PART = 100;

    /** Plans that are kept beyond those in use, for other numbers of images. */
    private static final int SPARE_PLANS = 8;

    private final Graph graph;
    private final Weights weights;
    private final Backend backend;
    private final int threads;
    private final ExecutorService workers;
    private final Walk.Prepared prepared;
    private final Deque<Idle> idle = new ArrayDeque<>();

    /** A plan that nobody is using, the last used first. */
    private record Idle(long images, Precision precision, InferencePlan plan) {}

    /**
     * @param values gives the network's parameters and buffers by name, row-major; not needed afterwards
     * @param backend closed with this
     */
    public InferenceNetwork(Graph graph, Function<String, float[]> values, Backend backend) {
        Folding folding = Folding.of(graph, values);
        this.graph = Fusion.forInference(folding.graph());
        this.backend = backend;
        weights = new Weights(this.graph, p -> folding.weights().get(p.name()), backend.device());
        threads = backend.device() == Device.CUDA ? 1 : Engine.threads();
        workers = threads == 1 ? null : Engine.workers(threads, "inference");
        prepared = Walk.Prepared.of(this.graph, backend);
    }

    /** A source of images. */
    @FunctionalInterface
    public interface Images {
        /** @return the images from here to there (excluded) as N×C×H×W, normalised; called by several threads */
        Tensor part(int from, int to);
    }

    /** @return N×classes logits, image after image */
    public float[] logits(int count, Images images) {
        return logits(count, images, () -> false).orElseThrow();
    }

    /**
     * @param stop asked before each part, by several threads, whether to give up
     * @return N×classes logits, image after image; empty when it was stopped
     */
    public Optional<float[]> logits(int count, Images images, BooleanSupplier stop) {
        int classes = graph.output().shape().channels();
        float[] logits = new float[Math.multiplyExact(count, classes)];
        int rounds = (count + threads * PART - 1) / (threads * PART);
        int parts = Math.min(count, threads * rounds);
        AtomicInteger next = new AtomicInteger();
        AtomicBoolean stopped = new AtomicBoolean();
        Runnable work = () -> {
            try {
                int part;
                while ((part = next.getAndIncrement()) < parts) {
                    if (stop.getAsBoolean()) {
                        stopped.set(true);
                        next.set(parts);
                    } else {
                        int from = (int) ((long) count * part / parts);
                        int to = (int) ((long) count * (part + 1) / parts);
                        float[] found = logits(images, from, to);
                        System.arraycopy(found, 0, logits, from * classes, found.length);
                    }
                }
            } catch (RuntimeException | Error e) {
                next.set(parts); // the others need not go on
                throw e;
            }
        };
        alone(() -> helped(work, Math.min(threads, parts) - 1));
        return stopped.get() ? Optional.empty() : Optional.of(logits);
    }

    /** With one thread for each operation, as the workers have it, so that the bytes are the same whoever computes. */
    private static void alone(Runnable work) {
        int before = Engine.currentThreads();
        Engine.useThreads(1);
        try {
            work.run();
        } finally {
            Engine.useThreads(before);
        }
    }

    /** The caller works itself, and does not wait for a worker that other callers keep busy. */
    private void helped(Runnable work, int helpers) {
        Phaser running = new Phaser(1);
        CompletableFuture<Void> failed = new CompletableFuture<>();
        Runnable help = () -> {
            if (running.register() < 0) {
                return; // the work was done before this worker was free
            }
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                failed.completeExceptionally(e);
            } finally {
                running.arriveAndDeregister();
            }
        };
        for (int i = 0; i < helpers; i++) {
            workers.execute(help);
        }
        try {
            work.run();
        } finally {
            running.awaitAdvance(running.arriveAndDeregister());
        }
        try {
            failed.getNow(null);
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private float[] logits(Images images, int from, int to) {
        try (Scope scope = Scope.inference()) {
            Tensor part = images.part(from, to);
            Precision precision = Precision.of(part.scalar_type());
            Optional<InferencePlan> plan = take(to - from, precision);
            if (plan.isEmpty()) {
                Walk walk = new Walk(prepared, weights, Statistics.RUNNING, Optional.empty());
                return Tensors.floats(walk.forward(part));
            }
            float[] logits = Tensors.floats(plan.get().run(part));
            giveBack(new Idle(to - from, precision, plan.get()));
            return logits;
        }
    }

    private Optional<InferencePlan> take(long images, Precision precision) {
        synchronized (idle) {
            for (Iterator<Idle> i = idle.iterator(); i.hasNext(); ) {
                Idle found = i.next();
                if (found.images == images && found.precision == precision) {
                    i.remove();
                    return Optional.of(found.plan);
                }
            }
        }
        return backend.plan(graph, weights::get, images, precision);
    }

    private void giveBack(Idle plan) {
        synchronized (idle) {
            idle.addFirst(plan);
            if (idle.size() > threads + SPARE_PLANS) {
                idle.removeLast().plan.close();
            }
        }
    }

    @Override
    public void close() {
        if (workers != null) {
            workers.shutdown();
        }
        idle.forEach(i -> i.plan.close());
        prepared.close();
        weights.close();
        backend.close();
    }
}
