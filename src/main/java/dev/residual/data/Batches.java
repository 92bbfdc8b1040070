package dev.residual.data;

import dev.residual.data.Augmentation.View;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import java.nio.LongBuffer;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The minibatches of a set of images, epoch after epoch, made by a thread that works ahead. What they hold is a pure
 * function of the seed, the epoch and the position in it: it can be taken up anywhere, and comes out the same.
 */
public final class Batches implements AutoCloseable {
    /** One in use, one ready, one being filled. */
    private static final int SLOTS = 3;

    private final ImageSet images;
    private final Order order;
    private final Part part;
    private final int batchSize;
    private final Pixels pixels;
    private final Slot wakeUp;
    private final BlockingQueue<Slot> free = new ArrayBlockingQueue<>(SLOTS);
    private final BlockingQueue<Slot> ready = new ArrayBlockingQueue<>(SLOTS + 1);
    private final Thread filler;
    private volatile Throwable failure;
    private Slot current;

    /**
     * In which order images come, and in which view.
     *
     * @param seed of the shuffling and of the augmentation
     */
    public record Order(boolean shuffle, Augmentation augmentation, long seed) {
        /** Each image once as it is, in the order of the set. */
        public static final Order PLAIN = new Order(false, Augmentation.NONE, 0);

        int[] of(int epoch, int size) {
            return shuffle
                    ? Seed.permutation(size, Seed.mix(seed, epoch))
                    : IntStream.range(0, size).toArray();
        }
    }

    /**
     * @param part of every minibatch, which may be empty; its images are varied as they are in the whole one
     * @param batchSize images of the whole minibatch
     */
    public Batches(
            ImageSet images,
            Normalization normalization,
            Order order,
            Part part,
            int batchSize,
            Precision precision,
            int epoch,
            int batch) {
        if (images.size() == 0 || batchSize < 1) {
            throw new IllegalArgumentException("batches of " + batchSize + " of " + images.size() + " images");
        }
        this.images = images;
        this.order = order;
        this.part = part;
        this.batchSize = Math.min(batchSize, images.size());
        pixels = new Pixels(images, normalization);
        for (int i = 0; i < SLOTS; i++) {
            free.add(new Slot((this.batchSize + part.of() - 1) / part.of(), images.side(), precision));
        }
        wakeUp = new Slot(1, images.side(), precision);
        filler = new Thread(() -> fillAll(epoch, batch), "batches");
        filler.setDaemon(true);
        filler.start();
    }

    /** Batches in an epoch; the last may be smaller. */
    public static int perEpoch(int images, int batchSize) {
        return (images + batchSize - 1) / batchSize;
    }

    /** Images in a part of an epoch. */
    public static int imagesOf(Part part, int images, int batchSize) {
        int last = images % batchSize;
        return images / batchSize * (part.to(batchSize) - part.from(batchSize)) + part.to(last) - part.from(last);
    }

    /** The next minibatch; waits for it where the filler is behind. The one before it is no longer valid. */
    public Batch next() {
        if (current != null) {
            free.add(current);
            current = null;
        }
        try {
            current = ready.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a batch", e);
        }
        if (failure != null) {
            throw new IllegalStateException("the batch could not be made", failure);
        }
        return current.batch();
    }

    private void fillAll(int epoch, int firstBatch) {
        try {
            for (int e = epoch, first = firstBatch; ; e++, first = 0) {
                int[] numbers = order.of(e, images.size());
                for (int from = first * batchSize; from < numbers.length; from += batchSize) {
                    Slot slot = free.take();
                    int count = Math.min(batchSize, numbers.length - from);
                    int before = part.from(count);
                    slot.count = part.to(count) - before;
                    slot.whole = count;
                    slot.mixup = slot.count == 0 ? Optional.empty() : mixup(e, from + before, slot.count);
                    fill(slot, numbers, e, from + before, slot.count);
                    slot.last = from + count == numbers.length;
                    ready.add(slot); // has room for every slot
                }
            }
        } catch (InterruptedException e) {
            // closed
        } catch (RuntimeException | Error e) {
            failure = e;
            ready.add(wakeUp);
        }
    }

    private Optional<Mixup> mixup(int epoch, int from, int count) {
        double alpha = order.augmentation().mixup();
        return alpha == 0 ? Optional.empty() : Optional.of(Mixup.draw(alpha, order.seed(), epoch, from, count));
    }

    private void fill(Slot slot, int[] numbers, int epoch, int from, int count) {
        for (int i = 0; i < count; i++) {
            int image = numbers[from + i];
            View view = order.augmentation().draw(order.seed(), epoch, from + i, image, images.side());
            pixels.write(image, view, slot.rows, i * images.imageBytes());
            slot.labelBuffer.put(i, images.label(image));
        }
    }

    @Override
    public void close() {
        filler.interrupt();
        try {
            filler.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (current != null) {
            current.close();
        }
        free.forEach(Slot::close);
        ready.forEach(Slot::close);
        wakeUp.close();
    }

    /** Memory of one batch, filled again and again. */
    private static final class Slot implements AutoCloseable {
        private final Tensor images;
        private final Tensor labels;
        private final Pixels.Rows rows;
        private final LongBuffer labelBuffer;
        private int count;
        private Optional<Mixup> mixup = Optional.empty();
        private int whole;
        private boolean last;

        Slot(int size, int side, Precision precision) {
            try (Scope scope = Scope.noGrad()) {
                images = scope.keep(Pixels.memory(size, side, precision));
                labels = scope.keep(
                        torch.empty(new long[] {size}, new TensorOptions(ScalarType.Long), new MemoryFormatOptional()));
            }
            rows = Pixels.Rows.into(images, precision);
            labelBuffer = labels.createBuffer();
        }

        /** The filled part; the views belong to the caller's scope. */
        Batch batch() {
            Tensor filled = images.narrow(0, 0, count);
            Tensor shown = mixup.map(m -> m.apply(filled)).orElse(filled);
            return new Batch(shown, labels.narrow(0, 0, count), mixup, whole, last);
        }

        @Override
        public void close() {
            images.close();
            labels.close();
        }
    }
}
