package dev.residual.nn;

import dev.residual.graph.GraphBuilder.Value;

/** The blocks that a network's stages consist of: two layers and a shortcut around them. */
final class Block {
    private Block() {}

    /** He et al. 2015, figure 2, left: y = ReLU(F(x) + x), where F is conv, BN, ReLU, conv, BN. */
    static Value basic(Value x, int channels, int stride, Shortcut shortcut) {
        Value f = x.convolution("conv1", 3, channels, stride).batchNorm("bn1").relu();
        f = f.convolution("conv2", 3, channels, 1).batchNorm("bn2");
        return shortcut.add(f, x, channels, stride).relu();
    }
}
