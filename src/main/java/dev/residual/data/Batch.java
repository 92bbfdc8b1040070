package dev.residual.data;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * One minibatch. Its memory is reused: it is valid only until the next one is requested.
 *
 * @param images N×3×H×W, normalised, in the precision that was asked for, channels-last in memory
 * @param labels N int64 class numbers
 * @param mixup how the images were mixed with each other, where they were; the labels are not mixed yet
 * @param whole images of the whole minibatch, where these are a process's part of it
 * @param last whether it ends its epoch
 */
public record Batch(Tensor images, Tensor labels, Optional<Mixup> mixup, int whole, boolean last) {
    public int size() {
        return (int) labels.size(0);
    }
}
