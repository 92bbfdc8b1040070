package dev.residual.model;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A part of a network: what it computes and what it is made of. It is a value and holds no numbers; they are in the
 * {@link State} that a {@link Pass} brings along. So one description serves for computing, counting and naming.
 */
public interface Module {
    /**
     * @param x N×C×H×W, or {@link dev.residual.tensor.Maps blocked}
     * @return of the same form, or N×classes at the end; only ReLU, and in a folded network BN's, works in place on {@code x}
     */
    Tensor forward(Tensor x, Pass pass);

    /**
     * The way back, after {@link #forward} in the same pass: by the chain rule, from the loss's gradient with respect to
     * what went out to that with respect to what came in. Leaves the gradients of its own numbers in the pass.
     *
     * @param gradient of the shape of what went out; may be overwritten
     * @return of the shape of {@code x}
     */
    Tensor backward(Tensor gradient, Pass pass);

    /**
     * Tells the visitor of each layer in the order of the computation.
     *
     * @param input the size of what comes in
     * @return the size of what goes out
     */
    Shape trace(Shape input, Visitor visitor);

    /** Is told of each layer of a network in turn. */
    interface Visitor {
        /**
         * @param name such as {@code layer1.0.conv1}
         * @param kind in words, such as {@code conv 3×3}
         * @param output the size of what it puts out
         * @param multiplyAdds of one image; only convolutions and linear layers count, as in the literature
         */
        void layer(String name, String kind, Shape output, List<Parameter> parameters, long multiplyAdds);
    }
}
