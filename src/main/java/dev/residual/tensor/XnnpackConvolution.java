package dev.residual.tensor;

import java.util.Optional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * XNNPACK's convolutions with ReLU, in float32; a sum and its ReLU are a second operation. Threads that share one wait for
 * each other in it.
 */
final class XnnpackConvolution {
    private static final String RUN = "prepacked::conv2d_clamp_run";
    private static final String ADD_RELU = "aten::_add_relu_";
    private static final Optional<Operator> PACK = Operator.find("prepacked::conv2d_clamp_prepack", "");
    private static final boolean AVAILABLE = PACK.isPresent()
            && Operator.find(RUN, "").isPresent()
            && Operator.find(ADD_RELU, "Tensor").isPresent();

    private XnnpackConvolution() {}

    /** Single images: of 64, oneDNN is the faster one. */
    static boolean isFor(Tensor images) {
        return AVAILABLE && images.size(0) == 1 && images.scalar_type().intern() == ScalarType.Float;
    }

    /** @return nothing where it is not for these images, or XNNPACK does not support the processor */
    static Optional<Value> write(
            ScriptWriter writer, ScriptWriter.Result x, Optional<Value> other, FusedConvolution.Layer layer) {
        if (!isFor(writer.images())) {
            return Optional.empty();
        }
        IValue packed;
        try {
            Operator pack = PACK.orElseThrow();
            packed = pack.call(
                    new IValue(layer.weights()),
                    new IValue(layer.biases()),
                    pack.list(2, layer.strides()),
                    pack.list(3, layer.paddings()),
                    pack.list(4, 1, 1), // dilation
                    new IValue(1L), // groups
                    other.isPresent() ? new IValue() : new IValue(new Scalar(0.0)), // the least that comes out
                    new IValue());
        } catch (RuntimeException e) { // libtorch's, of which there is one kind only
            return Optional.empty();
        }
        Value convolution = writer.call(RUN, x.value(), writer.constant(packed));
        return Optional.of(other.map(
                        o -> writer.call(ADD_RELU, o, convolution, writer.constant(new IValue(new Scalar(1.0)))))
                .orElse(convolution));
    }
}
