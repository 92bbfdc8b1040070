package dev.residual.backend;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Computes one operation of a network, forward and backward. */
public interface Kernel extends AutoCloseable {
    /**
     * @param inputs in the backend's layout, in the order of the operation's inputs
     * @return the output, in the backend's layout; an input itself where {@link Pass#mayOverwrite} allowed that
     */
    Tensor forward(List<Tensor> inputs, Pass pass);

    /**
     * After {@link #forward} in the same pass. Puts the gradients of the operation's own parameters where the pass says.
     *
     * @param gradient of the loss with respect to the output; left as it is unless {@link Pass#ownsGradient}
     * @return with respect to each input, in their order; {@code gradient} itself where that is the same; empty where
     *     {@link Pass#wantsInputGradient} says that nobody asks
     */
    List<Tensor> backward(Tensor gradient, Pass pass);

    @Override
    default void close() {}
}
