package dev.residual.nn;

import dev.residual.graph.GraphBuilder.Value;
import java.util.Locale;

/** What goes around a block's layers and is added to their output. */
public enum Shortcut {
    /** Identity; where the size changes, every second pixel and zeros for the new channels. What the paper uses on CIFAR. */
    A {
        @Override
        Value changing(Value x, int channels, int stride) {
            return x.subsample("downsample", channels, stride);
        }
    },
    /** Identity; a projection where the size changes. */
    B {
        @Override
        Value changing(Value x, int channels, int stride) {
            return project(x, channels, stride);
        }
    },
    /** A projection around every block. */
    C {
        @Override
        Value around(Value x, int channels, int stride) {
            return project(x, channels, stride);
        }
    },
    /** None: the paper's plain networks. */
    NONE {
        @Override
        Value add(Value f, Value x, int channels, int stride) {
            return f;
        }
    },
    /** Identities only: a 2×2 convolution with stride 2 stands before stages 2 and 3, as the article has it. */
    ARTICLE;

    /** Where a block's output is of another shape than its input. */
    Value changing(Value x, int channels, int stride) {
        throw new IllegalStateException(this + " goes around no block that changes the size");
    }

    Value around(Value x, int channels, int stride) {
        return x.channels() == channels && stride == 1 ? x : changing(x, channels, stride);
    }

    /**
     * @param f what the block's layers made of x
     * @param channels of f
     * @param stride of the block
     */
    Value add(Value f, Value x, int channels, int stride) {
        return f.plus(around(x, channels, stride));
    }

    /** A 1×1 convolution with the block's stride, then BN. */
    private static Value project(Value x, int channels, int stride) {
        return x.convolution("downsample.0", 1, channels, stride).batchNorm("downsample.1");
    }

    @Override
    public String toString() {
        return name().length() == 1 ? name() : name().toLowerCase(Locale.ROOT);
    }
}
