package dev.residual.graph;

import java.util.Arrays;
import java.util.List;

/**
 * A named array that belongs to a layer: a parameter, which is trained, or a buffer, which is not.
 *
 * @param name as torchvision and the public CIFAR ResNets have it, such as {@code layer1.0.conv1.weight}
 * @param role what it is for
 * @param shape O×I×H×W for a convolution's weight, O×I for a linear layer's, otherwise one dimension
 */
public record Parameter(String name, Role role, List<Long> shape) {
    /** The role of an array, which decides how it is initialised and whether it is trained. */
    public enum Role {
        /** Filters of a convolution or the matrix of a linear layer. */
        WEIGHT(true),
        /** Added to the outputs of a convolution or a linear layer. */
        BIAS(true),
        /** BN's gamma. */
        SCALE(true),
        /** BN's beta. */
        SHIFT(true),
        /** BN's running statistics. */
        RUNNING_MEAN(false),
        RUNNING_VARIANCE(false);

        private final boolean trained;

        Role(boolean trained) {
            this.trained = trained;
        }
    }

    public Parameter(String name, Role role, long... shape) {
        this(name, role, Arrays.stream(shape).boxed().toList());
    }

    /** Whether the optimizer changes it. Buffers do not count as parameters of a network. */
    public boolean trained() {
        return role.trained;
    }

    /** The shape as libtorch takes it. */
    public long[] sizes() {
        return shape.stream().mapToLong(Long::longValue).toArray();
    }

    public long count() {
        return shape.stream().reduce(1L, (a, b) -> a * b);
    }

    /** Inputs that one output sums over: I·H·W. */
    public long fanIn() {
        return count() / shape.get(0);
    }
}
