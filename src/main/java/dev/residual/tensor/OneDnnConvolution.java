package dev.residual.tensor;

import java.util.Optional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.global.torch;

/** oneDNN's convolutions with what follows, by the operations of libtorch's own compiler. */
final class OneDnnConvolution {
    private static final Optional<Operator> RELU = Operator.find("mkldnn::_convolution_pointwise", "");
    private static final Optional<Operator> ADD_RELU = Operator.find("mkldnn::_convolution_pointwise_", "binary");
    static final boolean AVAILABLE = RELU.isPresent() && ADD_RELU.isPresent();

    /** Parameters of the activation: ReLU has none. */
    private static final IValue NO_SCALARS = RELU.map(relu -> relu.emptyList(8)).orElse(null);

    private OneDnnConvolution() {}

    static Value put(ScriptWriter script, ScriptWriter.Maps x, Optional<Value> other, FusedConvolution.Layer layer) {
        Value weights = weights(script, x, layer);
        Value biases = script.constant(layer.biases().to(script.images().scalar_type()));
        Value paddings = script.list(layer.paddings());
        Value strides = script.list(layer.strides());
        Value dilation = script.list(1, 1);
        Value groups = script.constant(1);
        Value relu = script.constant(new IValue("relu"));
        Value noScalars = script.constant(NO_SCALARS);
        Value none = script.none();
        if (other.isEmpty()) {
            return script.call(
                    "mkldnn::_convolution_pointwise",
                    x.value(),
                    weights,
                    biases,
                    paddings,
                    strides,
                    dilation,
                    groups,
                    relu,
                    noScalars,
                    none);
        }
        return script.call(
                "mkldnn::_convolution_pointwise_",
                other.get(),
                x.value(),
                weights,
                biases,
                paddings,
                strides,
                dilation,
                groups,
                script.constant(new IValue("add")),
                script.constant(new IValue(new Scalar(1.0))),
                relu,
                noScalars,
                none);
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
