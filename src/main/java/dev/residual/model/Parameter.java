package dev.residual.model;

/**
 * One named array of numbers that a layer needs; the numbers themselves are in {@link State}.
 *
 * @param name by the public naming of CIFAR ResNets in PyTorch, such as {@code layer1.0.conv1.weight}
 * @param role what it is for
 * @param shape O×I×H×W for a convolution's weight, O×I for a linear one's, otherwise one dimension
 */
public record Parameter(String name, Role role, long... shape) {
    /** What an array of numbers is for; how it is initialised and whether it is trained follow from it. */
    public enum Role {
        /** Filters of a convolution or the matrix of a linear layer. */
        WEIGHT(true),
        /** Added to the outputs of a convolution or a linear layer. */
        BIAS(true),
        /** BN's gamma. */
        SCALE(true),
        /** BN's beta. */
        SHIFT(true),
        /** BN's running statistics: not trained, but part of the network. */
        RUNNING_MEAN(false),
        RUNNING_VARIANCE(false);

        private final boolean trained;

        Role(boolean trained) {
            this.trained = trained;
        }
    }

    /** Whether the optimizer changes it. Only such numbers count as parameters. */
    public boolean trained() {
        return role.trained;
    }

    public long count() {
        long count = 1;
        for (long n : shape) {
            count *= n;
        }
        return count;
    }

    /** Inputs that one output sums over: I·H·W. */
    public long fanIn() {
        return count() / shape[0];
    }
}
