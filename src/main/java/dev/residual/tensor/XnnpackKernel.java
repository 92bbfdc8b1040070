package dev.residual.tensor;

import java.util.Optional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * XNNPACK's convolutions with ReLU, in float32.
 *
 * @param convolution an object of libtorch's that holds the packed weights; threads that share it wait for each other
 */
record XnnpackKernel(IValue convolution) implements FusedConvolution.Kernel {
    private static final Optional<Operator> PACK = Operator.find("prepacked::conv2d_clamp_prepack", "");
    private static final Optional<Operator> RUN = Operator.find("prepacked::conv2d_clamp_run", "");
    private static final Optional<Operator> ADD_RELU = Operator.find("aten::_add_relu_", "Tensor");
    private static final boolean AVAILABLE = PACK.isPresent() && RUN.isPresent() && ADD_RELU.isPresent();

    private static final IValue ONE_GROUP = Operator.constant(() -> new IValue(1L));
    private static final IValue ONCE = Operator.constant(() -> new IValue(new Scalar(1.0)));
    private static final IValue ZERO = Operator.constant(() -> new IValue(new Scalar(0.0)));
    private static final IValue NONE = Operator.constant(() -> new IValue());

    /** Single images: of 64, oneDNN is the faster one. */
    static boolean isFor(Tensor x) {
        return AVAILABLE && x.size(0) == 1 && x.scalar_type().intern() == ScalarType.Float;
    }

    /** @return nothing where XNNPACK does not support the processor */
    static Optional<FusedConvolution.Kernel> of(
            Tensor weights, Tensor biases, long[] strides, long[] paddings, boolean adds) {
        try (Scope scope = Scope.noGrad()) {
            IValue convolution = PACK.orElseThrow()
                    .call(
                            new IValue(weights),
                            new IValue(biases),
                            Operator.pair(strides[0], strides[1]),
                            Operator.pair(paddings[0], paddings[1]),
                            Operator.pair(1, 1),
                            ONE_GROUP,
                            adds ? NONE : ZERO, // the least that comes out
                            NONE);
            return Optional.of(new XnnpackKernel(scope.keep(new IValue(convolution))));
        } catch (RuntimeException e) { // libtorch's, of which there is one kind only
            return Optional.empty();
        }
    }

    @Override
    public Tensor compute(Tensor x, Tensor other) {
        IValue result = RUN.orElseThrow().call(new IValue(x), convolution);
        if (other == null) {
            return result.toTensor();
        }
        ADD_RELU.orElseThrow().call(new IValue(other), result, ONCE);
        return other;
    }

    @Override
    public void close() {
        convolution.close();
    }
}
