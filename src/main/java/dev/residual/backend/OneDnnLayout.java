package dev.residual.backend;

import dev.residual.graph.Shape;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** N×(C/b)×H×W×b, as oneDNN's kernels like feature maps best on this processor. */
record OneDnnLayout(ActivationPool pool) implements Layout {
    static MemoryFormat memoryFormat(ScalarType type) {
        return OneDnn.memoryFormat(type).orElseThrow();
    }

    @Override
    public Tensor allocate(ScalarType type, long batch, Shape shape) {
        return pool.take(type, sizes(memoryFormat(type), batch, shape));
    }

    static long[] sizes(MemoryFormat format, long batch, Shape shape) {
        int block = format.block(shape.channels());
        return new long[] {batch, format.filled(shape.channels()) / block, shape.height(), shape.width(), block};
    }

    @Override
    public Tensor blocks(Tensor maps) {
        return maps;
    }
}
