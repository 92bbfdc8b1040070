package dev.residual.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
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
    private record Kind(List<Long> shape, ScalarType type) {}

    private final Map<Kind, List<Tensor>> made = new HashMap<>();

    /** Numbers from earlier, whatever they are; the memory is the caller's until the last handle on it is closed. */
    public Tensor take(ScalarType type, long... shape) {
        Kind kind = new Kind(LongStream.of(shape).boxed().toList(), type);
        List<Tensor> alike = made.computeIfAbsent(kind, k -> new ArrayList<>());
        for (Tensor tensor : alike) {
            if (tensor.use_count() == 1) { // nobody's but ours
                return new Tensor(tensor);
            }
        }
        Tensor tensor = torch.empty(shape, new TensorOptions(type), new MemoryFormatOptional());
        try (Scope scope = Scope.open()) {
            alike.add(scope.keep(new Tensor(tensor)));
        }
        return tensor;
    }

    @Override
    public void close() {
        made.values().forEach(alike -> alike.forEach(Tensor::close));
        made.clear();
    }
}
