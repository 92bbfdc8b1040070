package dev.residual.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Convolutions with what follows, by the oneDNN in libtorch and the operations that libtorch's own compiler has for it. */
final class MkldnnConvolution {
    private static final String RELU = "mkldnn::_convolution_pointwise";
    private static final String ADD_RELU = "mkldnn::_convolution_pointwise_";

    /** Channels that oneDNN lays side by side. */
    private static final int BLOCK = 16;

    private static final Optional<Operator> WITH_RELU = Operator.find(RELU, "");
    private static final boolean AVAILABLE =
            WITH_RELU.isPresent() && Operator.find(ADD_RELU, "binary").isPresent();
    private static final boolean BFLOAT16 = computesBfloat16();

    private MkldnnConvolution() {}

    /** In what type it can convolve; bfloat16 not on every processor. */
    static boolean isFor(ScalarType type) {
        return AVAILABLE && (type == ScalarType.Float || type == ScalarType.BFloat16 && BFLOAT16);
    }

    private static boolean computesBfloat16() {
        try (Scope scope = Scope.open()) {
            return Operator.find("mkldnn::_is_mkldnn_bf16_supported", "")
                    .map(supported -> supported.call().toBool())
                    .orElse(false);
        }
    }

    static Value write(
            ScriptWriter writer, ScriptWriter.Result x, Optional<Value> other, FusedConvolution.Layer layer) {
        List<Value> arguments = new ArrayList<>();
        other.ifPresent(arguments::add);
        arguments.add(x.value());
        arguments.add(weights(writer, x, layer));
        arguments.add(writer.constant(layer.biases().to(writer.images().scalar_type())));
        arguments.add(writer.list(layer.paddings()));
        arguments.add(writer.list(layer.strides()));
        arguments.add(writer.list(1, 1)); // dilation
        arguments.add(writer.constant(1)); // groups
        if (other.isPresent()) {
            arguments.add(writer.constant(new IValue("add")));
            arguments.add(writer.constant(new IValue(new Scalar(1.0)))); // times the convolution
        }
        arguments.add(writer.constant(new IValue("relu")));
        arguments.add(writer.constant(WITH_RELU.orElseThrow().list(8))); // its parameters: none
        arguments.add(writer.none());
        return writer.call(other.isPresent() ? ADD_RELU : RELU, arguments.toArray(Value[]::new));
    }

    /** In the layout in which they are used, where that is safe; any other they bring into it each time. */
    private static Value weights(ScriptWriter writer, ScriptWriter.Result x, FusedConvolution.Layer layer) {
        Tensor weights = layer.weights().to(writer.images().scalar_type());
        if (!fillBlocks(weights)) {
            return writer.constant(weights);
        }
        long[] input = {writer.images().size(0), x.channels(), x.height(), x.width()};
        return writer.oneDnnConstant(torch.mkldnn_reorder_conv2d_weight(
                weights.to_mkldnn(), layer.paddings(), layer.strides(), new long[] {1, 1}, 1, input));
    }

    /** With others the packed weights gave wrong results (oneDNN 3.7 by way of libtorch 2.10; 5 → 7 and 24 → 16 channels). */
    private static boolean fillBlocks(Tensor weights) {
        long in = weights.size(1);
        return weights.size(0) % BLOCK == 0 && (in % BLOCK == 0 || in < BLOCK);
    }
}
