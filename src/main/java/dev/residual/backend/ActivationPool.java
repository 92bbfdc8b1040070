package dev.residual.backend;

import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Memory for activations, reused by all steps of a training run. To align a block, glibc looks for a larger one than was
 * asked for, and so seldom reuses a freed block for another of the same size: without the pool a run took half as much
 * memory again.
 *
 * <p>Not for several threads at once.
 */
final class ActivationPool implements AutoCloseable {
    /** @param image sizes of one image's activations */
    private record Key(ScalarType type, List<Long> image) {}

    /** Memory for the largest batch so far; a smaller one, such as an epoch's last, gets the first part of it. */
    private static final class Block {
        private Tensor whole;
        private Tensor lent;

        /** Whether nobody else holds what was lent. Views of it do not count: they must end before it does. */
        boolean isFree() {
            return lent.use_count() == 1;
        }

        void close() {
            lent.close();
            whole.close();
        }
    }

    private final Map<Key, List<Block>> blocks = new HashMap<>();

    /**
     * Uninitialised memory. It is the caller's until the last handle on the tensor is closed.
     *
     * @param sizes batch first
     */
    Tensor take(ScalarType type, long... sizes) {
        List<Long> image = Arrays.stream(sizes).skip(1).boxed().toList();
        List<Block> alike = blocks.computeIfAbsent(new Key(type, image), key -> new ArrayList<>());
        Block block = alike.stream().filter(Block::isFree).findFirst().orElseGet(() -> {
            alike.add(new Block());
            return alike.get(alike.size() - 1);
        });
        try (Scope scope = Scope.open()) {
            fit(block, type, sizes, scope);
        }
        return new Tensor(block.lent);
    }

    private static void fit(Block block, ScalarType type, long[] sizes, Scope scope) {
        if (block.lent != null && block.lent.size(0) == sizes[0]) {
            return;
        }
        if (block.whole != null && block.whole.size(0) < sizes[0]) {
            block.close();
            block.whole = null;
        } else if (block.lent != null) {
            block.lent.close();
        }
        if (block.whole == null) {
            block.whole = scope.keep(Tensors.empty(type, sizes));
        }
        block.lent = scope.keep(block.whole.narrow(0, 0, sizes[0]));
    }

    @Override
    public void close() {
        blocks.values().forEach(alike -> alike.forEach(Block::close));
        blocks.clear();
    }
}
