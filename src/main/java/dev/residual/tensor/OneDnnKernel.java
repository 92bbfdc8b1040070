package dev.residual.tensor;

import java.util.Optional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * oneDNN's convolutions with what follows, by the operations of libtorch's own compiler.
 *
 * @param weights in the layout in which they are used, where that is safe; any other they bring into it each time
 */
record OneDnnKernel(Tensor weights, Tensor biases, IValue strides, IValue paddings) implements FusedConvolution.Kernel {
    private static final Optional<Operator> RELU = Operator.find("mkldnn::_convolution_pointwise", "");
    private static final Optional<Operator> ADD_RELU = Operator.find("mkldnn::_convolution_pointwise_", "binary");
    static final boolean AVAILABLE = RELU.isPresent() && ADD_RELU.isPresent();

    private static final IValue NO_DILATION = Operator.pair(1, 1);
    private static final IValue ONE_GROUP = Operator.constant(() -> new IValue(1L));
    private static final IValue ONCE = Operator.constant(() -> new IValue(new Scalar(1.0)));
    private static final IValue ADD_NAME = Operator.constant(() -> new IValue("add"));
    private static final IValue RELU_NAME = Operator.constant(() -> new IValue("relu"));
    private static final IValue NONE = Operator.constant(() -> new IValue());

    /** Parameters of the activation: ReLU has none. */
    private static final IValue NO_SCALARS = RELU.map(relu -> relu.emptyList(8)).orElse(null);

    static OneDnnKernel of(Tensor x, Tensor weights, Tensor biases, long[] strides, long[] paddings) {
        try (Scope scope = Scope.noGrad()) {
            Tensor cast = weights.to(x.scalar_type());
            Tensor packed = fillBlocks(weights)
                    ? torch.mkldnn_reorder_conv2d_weight(
                            cast.to_mkldnn(), paddings, strides, new long[] {1, 1}, 1, x.shape())
                    : cast;
            return new OneDnnKernel(
                    scope.keep(packed),
                    scope.keep(biases.to(x.scalar_type())),
                    Operator.pair(strides[0], strides[1]),
                    Operator.pair(paddings[0], paddings[1]));
        }
    }

    /** With others the packed weights gave wrong results (oneDNN 3.7 by way of libtorch 2.10; 5 → 7 and 24 → 16 channels). */
    private static boolean fillBlocks(Tensor weights) {
        long in = weights.size(1);
        return weights.size(0) % Maps.BLOCK == 0 && (in % Maps.BLOCK == 0 || in < Maps.BLOCK);
    }

    @Override
    public Tensor compute(Tensor x, Tensor other) {
        IValue images = new IValue(x);
        IValue filters = new IValue(weights);
        IValue shifts = new IValue(biases);
        IValue result = other == null
                ? RELU.orElseThrow()
                        .call(
                                images,
                                filters,
                                shifts,
                                paddings,
                                strides,
                                NO_DILATION,
                                ONE_GROUP,
                                RELU_NAME,
                                NO_SCALARS,
                                NONE)
                : ADD_RELU.orElseThrow()
                        .call(
                                new IValue(other),
                                images,
                                filters,
                                shifts,
                                paddings,
                                strides,
                                NO_DILATION,
                                ONE_GROUP,
                                ADD_NAME,
                                ONCE,
                                RELU_NAME,
                                NO_SCALARS,
                                NONE);
        return result.toTensor();
    }

    @Override
    public void close() {
        weights.close();
        biases.close();
    }
}
