package dev.residual.backend;

import dev.residual.graph.Shape;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * N×(C/b)×H×W×b, as oneDNN's kernels like feature maps best: b neighbouring channels of a pixel are one vector of the
 * processor. Channels that are too few for the last block are followed by zeros. Images have blocks of one channel.
 */
record OneDnnLayout(ActivationPool pool) implements Layout {
    static int block(ScalarType type) {
        return OneDnn.block(type).orElseThrow();
    }

    @Override
    public Tensor allocate(ScalarType type, long batch, Shape shape) {
        return pool.take(type, sizes(type, batch, shape));
    }

    static long[] sizes(ScalarType type, long batch, Shape shape) {
        int block = block(type);
        return new long[] {batch, (shape.channels() + block - 1) / block, shape.height(), shape.width(), block};
    }

    @Override
    public Tensor blocks(Tensor maps) {
        return maps;
    }
}
