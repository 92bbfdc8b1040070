package dev.residual.backend;

import dev.residual.backend.OneDnn.Arguments;
import dev.residual.backend.OneDnn.Format;
import dev.residual.backend.OneDnn.Primitive;
import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Shape;
import dev.residual.tensor.Natives;
import dev.residual.tensor.Scope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * oneDNN's operations for one convolution, batch size and number of threads: forward, and the gradients of input and
 * filters, each made when it is first needed. Filters and biases are float32 whatever the feature maps are; the filters
 * are cast on their way into the order that oneDNN likes.
 *
 * <p>oneDNN has no fast bfloat16 kernels for channels that do not fill a block (a 3×3 convolution of 4 channels took 50 times
 * as long as one of 16): the zeros after them are channels to it too, with filters of zeros.
 *
 * <p>oneDNN divides the work among threads when an operation is made: it is made, and run, with the number of threads that
 * the calling thread has set.
 */
final class ConvolutionPrimitives implements AutoCloseable {
    private final Natives natives = new Natives();
    private final ScalarType type;
    private final Format input;
    private final Format output;
    private final Format filters;
    private final Format biases;
    private final long[] strides;
    private final long[] paddings;
    private final long[] sizes;
    private final long[] filledSizes;
    private final convolution_forward.primitive_desc description;
    private final Primitive forward;
    private final Reorder toForward;
    private BackwardData backwardData;
    private BackwardWeights backwardWeights;

    /** From one order of filters in memory, and type, to another. */
    private record Reorder(Format from, Format to, Primitive primitive) {
        static Reorder of(Format from, Format to, Natives natives) {
            var description = new reorder.primitive_desc(
                    OneDnn.cpu(), from.desc(), OneDnn.cpu(), to.desc(), OneDnn.attributes(), false);
            return new Reorder(from, to, Primitive.of(new reorder(description), description, natives));
        }

        Tensor run(Tensor filters) {
            Tensor reordered = to.allocate();
            run(filters, reordered);
            return reordered;
        }

        void run(Tensor filters, Tensor target) {
            primitive.run(new Arguments().put(dnnl.DNNL_ARG_FROM, from, filters).put(dnnl.DNNL_ARG_TO, to, target));
        }
    }

    private record BackwardData(Primitive primitive, Reorder filters) {}

    private record BackwardWeights(Primitive primitive, Reorder filters) {}

    /**
     * @param fromImages whether its input are the images
     * @param format of feature maps
     */
    ConvolutionPrimitives(
            Convolution c, Shape in, boolean fromImages, long batch, ScalarType type, MemoryFormat format) {
        this.type = type;
        MemoryFormat formatIn = fromImages ? format.ofImages() : format;
        strides = new long[] {c.stride(), c.stride()};
        paddings = new long[] {c.padding(), c.padding()};
        sizes = c.weight().sizes();
        Shape filledIn = filled(in, formatIn);
        Shape filledOut = filled(c.output(List.of(in)), format);
        filledSizes = new long[] {filledOut.channels(), filledIn.channels(), sizes[2], sizes[3]};
        try (Scope scope = Scope.open()) {
            input = Format.ofMaps(batch, filledIn, type, formatIn, natives);
            output = Format.ofMaps(batch, filledOut, type, format, natives);
            biases = c.bias()
                    ? Format.ofChannels(filledOut.channels(), natives)
                    : Format.of(new memory.desc(), ScalarType.Float, natives);
            filters = Format.of(
                    new memory.desc(filledSizes, memory.data_type.f32, memory.format_tag.oihw),
                    ScalarType.Float,
                    natives);
            description = natives.own(new convolution_forward.primitive_desc(
                    OneDnn.cpu(),
                    dnnl.dnnl_forward_training,
                    dnnl.dnnl_convolution_direct,
                    input.desc(),
                    anyFilters(type),
                    biases.desc(),
                    output.desc(),
                    strides,
                    paddings,
                    paddings,
                    attributes(c),
                    false));
            forward = Primitive.of(new convolution_forward(description), description, natives);
            toForward = Reorder.of(filters, Format.opaque(description.weights_desc(), natives), natives);
        }
    }

    private static Shape filled(Shape shape, MemoryFormat format) {
        return new Shape(format.filled(shape.channels()), shape.height(), shape.width());
    }

    private boolean isFilled() {
        return Arrays.equals(sizes, filledSizes);
    }

    private Tensor filled(Tensor weight) {
        return isFilled()
                ? weight
                : torch.constant_pad_nd(
                        weight, new long[] {0, 0, 0, 0, 0, filledSizes[1] - sizes[1], 0, filledSizes[0] - sizes[0]});
    }

    private Tensor filledBias(Tensor bias) {
        return isFilled() ? bias : torch.constant_pad_nd(bias, new long[] {0, filledSizes[0] - sizes[0]});
    }

    private memory.desc anyFilters(ScalarType valueType) {
        return new memory.desc(filledSizes, OneDnn.typeOf(valueType), memory.format_tag.any);
    }

    private static primitive_attr attributes(Convolution c) {
        primitive_attr attributes = OneDnn.attributes();
        post_ops after = new post_ops();
        if (c.epilogue().adds()) {
            after.append_sum();
        }
        if (c.epilogue().rectifies()) {
            after.append_eltwise(dnnl.dnnl_eltwise_relu, 0, 0);
        }
        attributes.set_post_ops(after);
        return attributes;
    }

    private synchronized BackwardData backwardData() {
        if (backwardData == null) {
            try (Scope scope = Scope.open()) {
                var back = new convolution_backward_data.primitive_desc(
                        OneDnn.cpu(),
                        dnnl.dnnl_convolution_direct,
                        input.desc(),
                        anyFilters(type),
                        output.desc(),
                        strides,
                        paddings,
                        paddings,
                        description,
                        OneDnn.attributes(),
                        false);
                backwardData = new BackwardData(
                        Primitive.of(new convolution_backward_data(back), back, natives),
                        Reorder.of(filters, Format.opaque(back.weights_desc(), natives), natives));
            }
        }
        return backwardData;
    }

    private synchronized BackwardWeights backwardWeights() {
        if (backwardWeights == null) {
            try (Scope scope = Scope.open()) {
                var back = new convolution_backward_weights.primitive_desc(
                        OneDnn.cpu(),
                        dnnl.dnnl_convolution_direct,
                        input.desc(),
                        anyFilters(ScalarType.Float),
                        biases.desc(),
                        output.desc(),
                        strides,
                        paddings,
                        paddings,
                        description,
                        OneDnn.attributes(),
                        false);
                backwardWeights = new BackwardWeights(
                        Primitive.of(new convolution_backward_weights(back), back, natives),
                        Reorder.of(Format.opaque(back.diff_weights_desc(), natives), filters, natives));
            }
        }
        return backwardWeights;
    }

    boolean isReference() {
        return forward.isReference()
                || backwardData().primitive.isReference()
                || backwardWeights().primitive.isReference();
    }

    /**
     * @param weight O×I×k×k float32
     * @param bias O float32
     * @param y receives the output
     */
    void forward(Tensor x, Tensor weight, Optional<Tensor> bias, Tensor y) {
        try (Scope scope = Scope.open()) {
            forward.run(arguments(x, toForward.run(filled(weight)), bias.map(this::filledBias), y));
        }
    }

    /** The filters as {@link #bind} wants them. */
    Tensor packed(Tensor weight) {
        return toForward.run(filled(weight));
    }

    /**
     * The forward pass on memory that the caller keeps.
     *
     * @param y holds what is added before, where the operation adds
     */
    Runnable bind(Tensor x, Tensor packed, Optional<Tensor> bias, Tensor y) {
        try (Scope scope = Scope.open()) {
            Optional<Tensor> kept = isFilled() ? bias : bias.map(b -> natives.own(filledBias(b)));
            return forward.bind(arguments(x, packed, kept, y), natives);
        }
    }

    private Arguments arguments(Tensor x, Tensor packed, Optional<Tensor> bias, Tensor y) {
        Arguments arguments = new Arguments()
                .put(dnnl.DNNL_ARG_SRC, input, x)
                .put(dnnl.DNNL_ARG_WEIGHTS, toForward.to, packed)
                .put(dnnl.DNNL_ARG_DST, output, y);
        bias.ifPresent(b -> arguments.put(dnnl.DNNL_ARG_BIAS, biases, b));
        return arguments;
    }

    /**
     * @param gradient of the output
     * @param ofX receives the input's gradient
     */
    void backwardData(Tensor gradient, Tensor weight, Tensor ofX) {
        BackwardData back = backwardData();
        try (Scope scope = Scope.open()) {
            back.primitive.run(new Arguments()
                    .put(dnnl.DNNL_ARG_DIFF_DST, output, gradient)
                    .put(dnnl.DNNL_ARG_WEIGHTS, back.filters.to, back.filters.run(filled(weight)))
                    .put(dnnl.DNNL_ARG_DIFF_SRC, input, ofX));
        }
    }

    /**
     * @param gradient of the output
     * @param ofWeight receives the filters' gradient, O×I×k×k float32
     * @param ofBias receives the biases' gradient, O float32
     */
    void backwardWeights(Tensor gradient, Tensor x, Tensor ofWeight, Optional<Tensor> ofBias) {
        BackwardWeights back = backwardWeights();
        try (Scope scope = Scope.open()) {
            Tensor found = back.filters.from.allocate();
            Arguments arguments = new Arguments()
                    .put(dnnl.DNNL_ARG_DIFF_DST, output, gradient)
                    .put(dnnl.DNNL_ARG_SRC, input, x)
                    .put(dnnl.DNNL_ARG_DIFF_WEIGHTS, back.filters.from, found);
            Optional<Tensor> filledBias = ofBias.map(this::filledBias);
            filledBias.ifPresent(b -> arguments.put(dnnl.DNNL_ARG_DIFF_BIAS, biases, b));
            back.primitive.run(arguments);
            if (isFilled()) {
                back.filters.run(found, ofWeight);
            } else {
                Tensor filled = filled(ofWeight);
                back.filters.run(found, filled);
                ofWeight.copy_(filled.narrow(0, 0, sizes[0]).narrow(1, 0, sizes[1]));
                ofBias.ifPresent(b -> b.copy_(filledBias.orElseThrow().narrow(0, 0, sizes[0])));
            }
        }
    }

    @Override
    public void close() {
        natives.close();
    }
}
