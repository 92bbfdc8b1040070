package dev.residual.model;

import org.bytedeco.pytorch.Tensor;

/**
 * What the layers need to know while a batch goes through them.
 *
 * @param state the network's numbers
 * @param mode by which mean and variance BN normalises
 */
public record Pass(State state, Mode mode) {
    /** By which mean and variance BN normalises. */
    public enum Mode {
        /** By the batch's own, which also flow into the running statistics. */
        TRAINING,
        /** By the running statistics: an image's result does not depend on the others in its batch. */
        EVALUATION,
        /** By the batch's own, but the running statistics stay: what a network that is never put into evaluation mode shows. */
        BATCH_STATISTICS
    }

    Tensor parameter(String name) {
        return state.get(name);
    }
}
