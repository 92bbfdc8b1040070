package dev.residual.tensor;

import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.OperatorName;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A convolution and what follows it in one operation of oneDNN, which spares each map one or two ways through memory.
 * Forward only.
 *
 * <p>libtorch has these operations for its own compiler ({@code mkldnn::_convolution_pointwise}) and no function for
 * them, so they are called by name. Unlike {@code conv2d}, which takes a slow path for a single image in float32, they
 * are oneDNN's for any number of images.
 */
public final class FusedConvolution {
    private static final String NAME = "mkldnn::_convolution_pointwise";

    private FusedConvolution() {}

    /** Whether this build has them, for tensors that are where this one is. */
    public static boolean isFor(Tensor x) {
        return !x.is_cuda() && Operators.AVAILABLE;
    }

    /**
     * The weights in the layout in which the operations below compute; from any other they bring them into it each time.
     *
     * @param weights O×I×k×k, of x's type
     * @param x of the size to expect, N×I×H×W; with others the packed weights give the same, perhaps more slowly
     */
    public static Tensor pack(Tensor weights, Tensor x, int stride, int padding) {
        return torch.mkldnn_reorder_conv2d_weight(
                weights.to_mkldnn(),
                new long[] {padding, padding},
                new long[] {stride, stride},
                new long[] {1, 1},
                1,
                x.shape());
    }

    /**
     * max(0, ·) of the convolution.
     *
     * @param x N×I×H×W, channels-last
     * @param weights O×I×k×k, of x's type, perhaps {@link #pack packed}
     * @param biases O, of x's type
     * @return N×O×H'×W', new
     */
    public static Tensor relu(Tensor x, Tensor weights, Tensor biases, int stride, int padding) {
        IValueVector stack = new IValueVector(
                new IValue(x),
                new IValue(weights),
                new IValue(biases),
                pair(padding),
                pair(stride),
                pair(1),
                Operators.ONE_GROUP,
                Operators.RELU,
                Operators.NO_SCALARS,
                Operators.NONE);
        Operators.CONVOLUTION.callBoxed(stack);
        return stack.get(0).toTensor();
    }

    /**
     * max(0, other + the convolution), with stride 1.
     *
     * @param other N×O×H×W, overwritten with the result
     * @return {@code other}
     */
    public static Tensor addRelu(Tensor other, Tensor x, Tensor weights, Tensor biases, int padding) {
        IValueVector stack = new IValueVector(
                new IValue(other),
                new IValue(x),
                new IValue(weights),
                new IValue(biases),
                pair(padding),
                pair(1),
                pair(1),
                Operators.ONE_GROUP,
                Operators.ADD,
                Operators.ONE,
                Operators.RELU,
                Operators.NO_SCALARS,
                Operators.NONE);
        Operators.CONVOLUTION_ADD.callBoxed(stack);
        return stack.get(0).toTensor();
    }

    private static IValue pair(int value) {
        return Operators.PAIRS[value];
    }

    /** Looked up once, and kept. */
    private static final class Operators {
        static final boolean AVAILABLE;
        static final OperatorHandle CONVOLUTION;
        static final OperatorHandle CONVOLUTION_ADD;

        /** Parameters of the activation: ReLU has none. */
        static final IValue NO_SCALARS;

        static final IValue NONE;
        static final IValue ONE;
        static final IValue ONE_GROUP;
        static final IValue RELU;
        static final IValue ADD;

        /** [0, 0], [1, 1], [2, 2]: JavaCPP makes lists of integers only by way of TorchScript. */
        static final IValue[] PAIRS = new IValue[3];

        static {
            try (Scope scope = Scope.open()) {
                Dispatcher dispatcher = Dispatcher.singleton();
                AVAILABLE = dispatcher.findSchema(new OperatorName(NAME, "")).has_value();
                CONVOLUTION = AVAILABLE ? scope.keep(dispatcher.findSchemaOrThrow(NAME, "")) : null;
                CONVOLUTION_ADD = AVAILABLE ? scope.keep(dispatcher.findSchemaOrThrow(NAME + "_", "binary")) : null;
                NO_SCALARS = AVAILABLE ? scope.keep(new IValue(noScalars())) : null;
                NONE = scope.keep(new IValue());
                ONE = scope.keep(new IValue(new Scalar(1.0)));
                ONE_GROUP = scope.keep(new IValue(1L));
                RELU = scope.keep(new IValue("relu"));
                ADD = scope.keep(new IValue("add"));
                for (int i = 0; i < PAIRS.length; i++) {
                    PAIRS[i] = scope.keep(torch.compile("def pair(i: int):\n    return [i, i]\n")
                            .get_function(new QualifiedName("pair"))
                            .apply(new IValueVector(new IValue((long) i))));
                }
            }
        }

        /** An empty list of the type that the operation declares for its ninth argument. */
        private static GenericList noScalars() {
            return new GenericList(
                    CONVOLUTION.schema().arguments().getPointer(8).type().get().containedType(0));
        }
    }
}
