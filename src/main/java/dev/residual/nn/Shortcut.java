package dev.residual.nn;

import dev.residual.graph.GraphBuilder.Value;
import java.util.Locale;
import java.util.function.UnaryOperator;

/** A block's shortcut: it goes around the block's layers and is added to their output. */
public enum Shortcut {
    /** Identity; where the size changes, every second pixel and zeros for the new channels. What the paper uses on CIFAR. */
    A {
        @Override
        Value changing(Value x, int channels, int stride, UnaryOperator<Value> normalize) {
            return x.subsample("downsample", channels, stride);
        }
    },
    /** Identity; a projection where the size changes. */
    B {
        @Override
        Value changing(Value x, int channels, int stride, UnaryOperator<Value> normalize) {
            return project(x, channels, stride, normalize);
        }
    },
    /** A projection around every block. */
    C {
        @Override
        Value around(Value x, int channels, int stride, UnaryOperator<Value> normalize) {
            return project(x, channels, stride, normalize);
        }
    },
    /** None: the paper's plain networks. */
    NONE {
        @Override
        Value add(Value f, Value x, int stride, UnaryOperator<Value> normalize) {
            return f;
        }
    },
    /**
     * Identities only: a 2×2 convolution with stride 2 stands before stages 2 and 3, as in the article "ResNet 实现Cifar-10
     * 识别(PyTorch)以及一点思考".
     */
    ARTICLE;

    /** The shortcut of a block whose output is of another shape than its input. */
    Value changing(Value x, int channels, int stride, UnaryOperator<Value> normalize) {
        throw new IllegalStateException(this + " goes around no block that changes the size");
    }

    Value around(Value x, int channels, int stride, UnaryOperator<Value> normalize) {
        return changes(x, channels, stride) ? changing(x, channels, stride, normalize) : x;
    }

    /** Whether a block's output is of another shape than its input, so that an identity cannot go around it. */
    static boolean changes(Value x, int channels, int stride) {
        return x.channels() != channels || stride != 1;
    }

    /**
     * @param f what the block's layers made of x
     * @param stride of the block
     * @param normalize what follows a projection
     */
    Value add(Value f, Value x, int stride, UnaryOperator<Value> normalize) {
        return f.plus(around(x, f.channels(), stride, normalize));
    }

    /** A 1×1 convolution with the block's stride. */
    private static Value project(Value x, int channels, int stride, UnaryOperator<Value> normalize) {
        return normalize.apply(x.convolution("downsample.0", 1, channels, stride));
    }

    @Override
    public String toString() {
        return name().length() == 1 ? name() : name().toLowerCase(Locale.ROOT);
    }
}
