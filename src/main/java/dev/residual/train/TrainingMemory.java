package dev.residual.train;

import com.sun.management.OperatingSystemMXBean;
import dev.residual.Heap;
import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.graph.Summary;
import dev.residual.run.RunConfig;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * About how much memory each process of a training run takes, so that it can be said before it starts.
 *
 * @param heap bytes of Java's heap: the images, and a copy of the weights while a checkpoint is written
 * @param whole bytes of the whole process
 */
public record TrainingMemory(long heap, long whole) {
    /** The JVM and its libraries (measured). */
    private static final long PROGRAM = 400L << 20;

    /** What the backward pass and the pool of feature maps need beyond the activations that it keeps (measured). */
    private static final double BACKWARD = 1.4;

    public static TrainingMemory of(RunConfig config, Dataset dataset) {
        Summary summary = Summary.of(config.architecture().graph());
        // The backward pass needs what went into each convolution and what went into the BN behind it.
        long activations = 2
                * summary.layers().stream()
                        .filter(layer -> layer.kind().startsWith("conv"))
                        .mapToLong(layer -> layer.output().count())
                        .sum();
        int bytes = config.compute().precision() == Precision.BF16 ? 2 : 4;
        int minibatch =
                Math.min(config.recipe().images().batchSize(), dataset.train().size());
        int processes = config.compute().processes();
        int batch = (minibatch + processes - 1) / processes;
        int kept = TrainingState.valuesPerParameter(config.recipe());
        long weights = Float.BYTES * summary.parameters();
        long images = (long) dataset.train().pixels().length + dataset.test().pixels().length;
        long validation = config.data().validation() > 0 ? dataset.train().pixels().length : 0;
        long heap = images + validation + weights * (1 + kept);
        long whole = PROGRAM + heap + weights * (2 + kept) + (long) (BACKWARD * bytes * activations * batch);
        return new TrainingMemory(heap, whole);
    }

    /** @throws ResidualException when this machine, or Java's heap, has less */
    public void requireRoom() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        requireRoom(
                Engine.processes(),
                system.getTotalMemorySize(),
                Runtime.getRuntime().maxMemory());
    }

    /** @param processes on this machine */
    void requireRoom(int processes, long machine, long javaHeap) {
        if (whole * processes > machine) {
            throw new ResidualException(
                    "the run needs about " + gigabytes(whole * processes) + " of memory, and this machine has "
                            + gigabytes(machine) + ": use a smaller --batch-size or network");
        }
        if (heap > javaHeap) {
            throw new ResidualException("the run needs about " + gigabytes(heap) + " of Java's heap, whose limit"
                    + " is "
                    + gigabytes(javaHeap) + ": " + Heap.LARGER);
        }
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }

    @Override
    public String toString() {
        return gigabytes(whole);
    }
}
