package dev.residual.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.global.torch;

/** oneDNN's convolutions with what follows, by the operations of libtorch's own compiler. */
final class OneDnnConvolution {
    private static final String RELU = "mkldnn::_convolution_pointwise";
    private static final String ADD_RELU = "mkldnn::_convolution_pointwise_";

    /** Parameters of the activation: ReLU has none. */
    private static final IValue NO_SCALARS =
            Operator.find(RELU, "").map(relu -> relu.emptyList(8)).orElse(null);

    static final boolean AVAILABLE =
            NO_SCALARS != null && Operator.find(ADD_RELU, "binary").isPresent();

    private OneDnnConvolution() {}

    static Value put(ScriptWriter script, ScriptWriter.Maps x, Optional<Value> other, FusedConvolution.Layer layer) {
        List<Value> arguments = new ArrayList<>();
        other.ifPresent(arguments::add);
        arguments.add(x.value());
        arguments.add(weights(script, x, layer));
        arguments.add(script.constant(layer.biases().to(script.images().scalar_type())));
        arguments.add(script.list(layer.paddings()));
        arguments.add(script.list(layer.strides()));
        arguments.add(script.list(1, 1)); // dilation
        arguments.add(script.constant(1)); // groups
        if (other.isPresent()) {
            arguments.add(script.constant(new IValue("add")));
            arguments.add(script.constant(new IValue(new Scalar(1.0)))); // times the convolution
        }
        arguments.add(script.constant(new IValue("relu")));
        arguments.add(script.constant(NO_SCALARS));
        arguments.add(script.none());
        return script.call(other.isPresent() ? ADD_RELU : RELU, arguments.toArray(Value[]::new));
    }

    /** In the layout in which they are used, where that is safe; any other they bring into it each time. */
    private static Value weights(ScriptWriter script, ScriptWriter.Maps x, FusedConvolution.Layer layer) {
        Tensor weights = layer.weights().to(script.images().scalar_type());
        if (!fillBlocks(weights)) {
            return script.constant(weights);
        }
        long[] input = {script.images().size(0), x.channels(), x.height(), x.width()};
        return script.oneDnnConstant(torch.mkldnn_reorder_conv2d_weight(
                weights.to_mkldnn(), layer.paddings(), layer.strides(), new long[] {1, 1}, 1, input));
    }

    /** With others the packed weights gave wrong results (oneDNN 3.7 by way of libtorch 2.10; 5 → 7 and 24 → 16 channels). */
    private static boolean fillBlocks(Tensor weights) {
        long in = weights.size(1);
        return weights.size(0) % Maps.BLOCK == 0 && (in % Maps.BLOCK == 0 || in < Maps.BLOCK);
    }
}
