package dev.residual.model;

import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * A network that is only read, see {@link FoldedState}.
 *
 * <p>What it says of an image depends on no other image. So many images are read in parts, and each of the engine's
 * threads takes the next part and computes it alone: nobody waits for anybody before the end, and where another process
 * wants a core, the threads on the others read more. Any number of threads may use one network; closing it while one of
 * them does is a mistake of the caller's.
 */
public final class FoldedNetwork implements AutoCloseable {
    /** Images of a part, at most. Fewer or more (16 to 256 were tried) are hardly faster an image; more take more memory. */
    private static final int PART = 100;

    private final ResNet network;
    private final State folded;
    private final int threads;
    private final ExecutorService workers;

    private FoldedNetwork(ResNet network, State folded) {
        this.network = network;
        this.folded = folded;
        threads = folded.device() == Device.CUDA ? 1 : Engine.threads();
        workers = threads == 1 ? null : Engine.workers(threads, "reading");
    }

    /** @param state left as it is; from here on this network does not need it */
    public static FoldedNetwork of(ResNet network, State state) {
        return new FoldedNetwork(network, FoldedState.of(network, state));
    }

    /** Where images come from. */
    @FunctionalInterface
    public interface Images {
        /** @return the images from here to there (excluded) as N×3×32×32, normalised; called by several threads */
        Tensor part(int from, int to);
    }

    /** @return N×classes logits, image after image */
    public float[] logits(int count, Images images) {
        return logits(count, images, () -> false).orElseThrow();
    }

    /**
     * @param stop asked before each part, by several threads, whether to give up
     * @return N×classes logits, image after image; nothing when it was stopped
     */
    public Optional<float[]> logits(int count, Images images, BooleanSupplier stop) {
        int classes = network.architecture().classes();
        float[] logits = new float[Math.multiplyExact(count, classes)];
        int rounds = (count + threads * PART - 1) / (threads * PART);
        // Of an image alone other operations make other bits, and threads wait for each other in them.
        int parts = Math.min(count, Math.max(1, Math.min(threads * rounds, count / 2)));
        AtomicInteger next = new AtomicInteger();
        AtomicBoolean stopped = new AtomicBoolean();
        Runnable read = () -> {
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
        if (workers == null || parts <= 1) {
            read.run();
        } else {
            byWorkers(read);
        }
        return stopped.get() ? Optional.empty() : Optional.of(logits);
    }

    private void byWorkers(Runnable read) {
        try {
            CompletableFuture.allOf(Stream.generate(() -> CompletableFuture.runAsync(read, workers))
                            .limit(threads)
                            .toArray(CompletableFuture[]::new))
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private float[] logits(Images images, int from, int to) {
        try (Scope scope = Scope.inference()) {
            Tensor part = folded.device().move(images.part(from, to));
            return Tensors.floats(network.forward(part, new Pass(folded, Pass.Mode.FOLDED)));
        }
    }

    @Override
    public void close() {
        if (workers != null) {
            workers.shutdown();
        }
        folded.close();
    }
}
