package dev.residual.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Memory for maps, which all steps of a training use again and again. Left to glibc, a block that was freed seldom serves
 * for another of the same size, since it looks for a larger one to align it in: half as much again was taken so.
 */
public final class MapPool implements AutoCloseable {
    /** @param image what a map has for one image */
    private record Kind(ScalarType type, List<Long> image) {}

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

    private final Map<Kind, List<Block>> blocks = new HashMap<>();

    /**
     * Numbers from earlier, whatever they are. The memory is the caller's until the last handle on the tensor is closed.
     *
     * @param shape batch first
     */
    public Tensor take(ScalarType type, long... shape) {
        List<Long> image = Arrays.stream(shape).skip(1).boxed().toList();
        List<Block> alike = blocks.computeIfAbsent(new Kind(type, image), kind -> new ArrayList<>());
        Block block = alike.stream().filter(Block::isFree).findFirst().orElseGet(() -> {
            alike.add(new Block());
            return alike.get(alike.size() - 1);
        });
        try (Scope scope = Scope.open()) {
            fit(block, type, shape, scope);
        }
        return new Tensor(block.lent);
    }

    private static void fit(Block block, ScalarType type, long[] shape, Scope scope) {
        if (block.lent != null && block.lent.size(0) == shape[0]) {
            return;
        }
        if (block.whole != null && block.whole.size(0) < shape[0]) {
            block.close();
            block.whole = null;
        } else if (block.lent != null) {
            block.lent.close();
        }
        if (block.whole == null) {
            block.whole = scope.keep(torch.empty(shape, new TensorOptions(type), new MemoryFormatOptional()));
        }
        block.lent = scope.keep(block.whole.narrow(0, 0, shape[0]));
    }

    @Override
    public void close() {
        blocks.values().forEach(alike -> alike.forEach(Block::close));
        blocks.clear();
    }
}
