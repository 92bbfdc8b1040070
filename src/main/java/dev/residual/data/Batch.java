package dev.residual.data;

import org.bytedeco.pytorch.Tensor;

/**
 * One minibatch. Its memory is used again: it is valid until the next one is asked for.
 *
 * @param images N×3×32×32, normalised, in the precision that was asked for, channels-last in memory
 * @param labels N int64 class numbers
 * @param last whether it ends its epoch
 */
public record Batch(Tensor images, Tensor labels, boolean last) {
    public int size() {
        return (int) labels.size(0);
    }
}
