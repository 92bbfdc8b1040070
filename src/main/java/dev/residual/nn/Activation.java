package dev.residual.nn;

import dev.residual.graph.GraphBuilder.Value;
import dev.residual.nn.Block.Layer;
import java.util.List;
import java.util.Locale;

/**
 * The places of BN and ReLU in a residual block: He et al. 2016, "Identity Mappings in Deep Residual Networks", figure 4,
 * and what the article tries.
 */
public enum Activation {
    /** Figure 4 (a), the paper's own: y = ReLU(F(x) + x), where F is conv, BN, ReLU, conv, BN. */
    ORIGINAL,

    /** Figure 4 (b): the last BN after the addition. */
    BN_AFTER_ADDITION {
        @Override
        Value block(Value x, Branch branch) {
            Value f = convolution(inner(x, branch), branch, branch.last());
            return added(f.stochasticDepth(branch.survival), x, branch)
                    .batchNorm(bn(branch.last()))
                    .relu();
        }
    },

    /** Figure 4 (c): the last ReLU before the addition, so that F(x) is never negative. */
    RELU_BEFORE_ADDITION {
        @Override
        Value block(Value x, Branch branch) {
            return added(residual(x, branch).relu(), x, branch);
        }
    },

    /** No ReLU after the addition: Gross and Wilber 2016, "Training and investigating Residual Nets". */
    NO_LAST_RELU {
        @Override
        Value block(Value x, Branch branch) {
            return added(residual(x, branch), x, branch);
        }
    },

    /**
     * Figure 4 (e), full pre-activation: BN and ReLU before each convolution, nothing after the addition. Section 3 and the
     * authors' code: the first block's, and those of a block whose size changes, stand before the shortcut too; a
     * projection has no BN; another BN and ReLU follow the last block.
     */
    PRE_ACTIVATION {
        @Override
        Value stem(Value x) {
            return x;
        }

        @Override
        Value block(Value x, Branch branch) {
            Value activated = x.batchNorm(bn(0)).relu();
            Value f = convolution(activated, branch, 0);
            for (int i = 1; i <= branch.last(); i++) {
                f = convolution(f.batchNorm(bn(i)).relu(), branch, i);
            }
            boolean both = branch.first || Shortcut.changes(x, branch.channels(), branch.stride);
            Value around = both ? activated : x;
            f = f.stochasticDepth(branch.survival);
            return branch.shortcut.add(f, around, branch.stride, projection -> projection);
        }

        @Override
        Value head(Value x) {
            return x.batchNorm("bn").relu();
        }
    },

    /**
     * The article's code as it is listed: the last BN of every block is there, with parameters that are counted and saved,
     * and its {@code forward} never calls it.
     */
    ARTICLE_LISTED {
        @Override
        Value block(Value x, Branch branch) {
            Value f = convolution(inner(x, branch), branch, branch.last());
            f.batchNorm(bn(branch.last()));
            return added(f.stochasticDepth(branch.survival), x, branch).relu();
        }
    };

    /**
     * A block's layers and shortcut, at its place in the network.
     *
     * @param stride of its first convolution that is larger than 1×1, as in torchvision; the paper's bottlenecks are not on
     *     CIFAR
     * @param survival how often it is not left out of a training step
     * @param first whether nothing but the first convolution stands before it
     */
    record Branch(List<Layer> layers, int stride, Shortcut shortcut, double survival, boolean first) {
        int last() {
            return layers.size() - 1;
        }

        int channels() {
            return layers.get(last()).channels();
        }

        /** The layer that makes the feature maps smaller. */
        private int striding() {
            for (int i = 0; i < layers.size(); i++) {
                if (layers.get(i).kernel() > 1) {
                    return i;
                }
            }
            return 0;
        }
    }

    /** The layers after the first convolution. */
    Value stem(Value x) {
        return x.batchNorm("bn1").relu();
    }

    Value block(Value x, Branch branch) {
        return added(residual(x, branch), x, branch).relu();
    }

    /** The layers after the last block. */
    Value head(Value x) {
        return x;
    }

    /** F(x): each convolution with its BN, and ReLUs between them. */
    static Value residual(Value x, Branch branch) {
        return convolution(inner(x, branch), branch, branch.last())
                .batchNorm(bn(branch.last()))
                .stochasticDepth(branch.survival);
    }

    /** F(x) without its last layer. */
    static Value inner(Value x, Branch branch) {
        Value f = x;
        for (int i = 0; i < branch.last(); i++) {
            f = convolution(f, branch, i).batchNorm(bn(i)).relu();
        }
        return f;
    }

    /** @param i of the layer, from 0 */
    static Value convolution(Value x, Branch branch, int i) {
        Layer layer = branch.layers.get(i);
        int stride = i == branch.striding() ? branch.stride : 1;
        return x.convolution("conv" + (i + 1), layer.kernel(), layer.channels(), stride);
    }

    static String bn(int i) {
        return "bn" + (i + 1);
    }

    /** F(x) + x; a projection of x has a BN of its own. */
    static Value added(Value f, Value x, Branch branch) {
        return branch.shortcut.add(f, x, branch.stride, projection -> projection.batchNorm("downsample.1"));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
