package dev.residual.tensor;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A convolution with square filters and its two gradients, on blocked maps. Filters and biases are float32 whatever the
 * maps are; on their way into the order that oneDNN likes they are cast as well.
 */
public final class ConvolutionPrimitives {
    private static final Map<Kind, ConvolutionPrimitives> MADE = new ConcurrentHashMap<>();

    /** @param threads that may compute it at once; oneDNN divides the work when it makes a primitive */
    record Kind(
            long batch,
            long in,
            long height,
            long width,
            long out,
            long kernel,
            long stride,
            long padding,
            boolean bias,
            ScalarType type,
            int block,
            int threads) {
        long after(long size) {
            return (size + 2 * padding - kernel) / stride + 1;
        }

        /** Images, whose own gradient nobody asks for. */
        boolean isFirst() {
            return in < block;
        }
    }

    private final Kind kind;
    private final memory.desc input;
    private final memory.desc output;
    private final memory.desc biases;
    private final OneDnn.Primitive forward;
    private final OneDnn.Primitive toInput;
    private final OneDnn.Primitive toNumbers;
    private final Filters filtersForward;
    private final Filters filtersToInput;
    private final Filters filtersGradient;

    ConvolutionPrimitives(Kind kind) {
        this.kind = kind;
        long[] strides = {kind.stride, kind.stride};
        long[] paddings = {kind.padding, kind.padding};
        int direct = dnnl.dnnl_convolution_direct;
        try (Scope scope = Scope.open()) {
            input = scope.keep(OneDnn.layout(kind.batch, kind.in, kind.height, kind.width, kind.type, kind.block));
            output = scope.keep(OneDnn.layout(
                    kind.batch, kind.out, kind.after(kind.height), kind.after(kind.width), kind.type, kind.block));
            biases = scope.keep(kind.bias ? OneDnn.numbers(kind.out) : new memory.desc());
            long[] shape = {kind.out, kind.in, kind.kernel, kind.kernel};
            memory.desc plain = scope.keep(new memory.desc(shape, memory.data_type.f32, memory.format_tag.oihw));
            memory.desc any = new memory.desc(shape, OneDnn.typeOf(kind.type), memory.format_tag.any);
            memory.desc anyFloat = new memory.desc(shape, memory.data_type.f32, memory.format_tag.any);
            var there = new convolution_forward.primitive_desc(
                    OneDnn.cpu(),
                    dnnl.dnnl_forward_training,
                    direct,
                    input,
                    any,
                    biases,
                    output,
                    strides,
                    paddings,
                    paddings,
                    OneDnn.attributes(),
                    false);
            forward = OneDnn.Primitive.of(new convolution_forward(there), there, scope);
            filtersForward = new Filters(plain, there.weights_desc(), scope);
            var numbers = new convolution_backward_weights.primitive_desc(
                    OneDnn.cpu(),
                    direct,
                    input,
                    anyFloat,
                    biases,
                    output,
                    strides,
                    paddings,
                    paddings,
                    there,
                    OneDnn.attributes(),
                    false);
            toNumbers = OneDnn.Primitive.of(new convolution_backward_weights(numbers), numbers, scope);
            filtersGradient = new Filters(numbers.diff_weights_desc(), plain, scope);
            if (kind.isFirst()) {
                toInput = null;
                filtersToInput = null;
            } else {
                var back = new convolution_backward_data.primitive_desc(
                        OneDnn.cpu(),
                        direct,
                        input,
                        any,
                        output,
                        strides,
                        paddings,
                        paddings,
                        there,
                        OneDnn.attributes(),
                        false);
                toInput = OneDnn.Primitive.of(new convolution_backward_data(back), back, scope);
                filtersToInput = new Filters(plain, back.weights_desc(), scope);
            }
        }
    }

    /**
     * @param x {@link Maps#isBlocked blocked}
     * @param bias whether each filter has one
     */
    public static ConvolutionPrimitives of(Tensor x, long out, long kernel, long stride, long padding, boolean bias) {
        ScalarType type = x.scalar_type().intern();
        return MADE.computeIfAbsent(
                new Kind(
                        x.size(0),
                        x.size(1) * x.size(4),
                        x.size(2),
                        x.size(3),
                        out,
                        kernel,
                        stride,
                        padding,
                        bias,
                        type,
                        OneDnn.block(type).orElseThrow(),
                        torch.get_num_threads()),
                ConvolutionPrimitives::new);
    }

    boolean isReference() {
        return Stream.of(forward, toInput, toNumbers).anyMatch(p -> p != null && p.isReference());
    }

    /**
     * @param x N×I×H×W blocked
     * @param filters O×I×k×k float32
     * @param bias O float32
     * @param y receives what comes out, of {@link #outputShape}
     */
    public void forward(Tensor x, Tensor filters, Optional<Tensor> bias, Tensor y) {
        try (Scope scope = Scope.open()) {
            OneDnn.Arguments arguments = new OneDnn.Arguments()
                    .put(dnnl.DNNL_ARG_SRC, input, x)
                    .put(dnnl.DNNL_ARG_WEIGHTS, filtersForward.to, filtersForward.reordered(filters))
                    .put(dnnl.DNNL_ARG_DST, output, y);
            bias.ifPresent(b -> arguments.put(dnnl.DNNL_ARG_BIAS, biases, b));
            forward.run(arguments);
        }
    }

    /**
     * @param gradient of what {@link #forward} gave
     * @param ofX receives x's gradient
     */
    public void backward(Tensor gradient, Tensor filters, Tensor ofX) {
        try (Scope scope = Scope.open()) {
            toInput.run(new OneDnn.Arguments()
                    .put(dnnl.DNNL_ARG_DIFF_DST, output, gradient)
                    .put(dnnl.DNNL_ARG_WEIGHTS, filtersToInput.to, filtersToInput.reordered(filters))
                    .put(dnnl.DNNL_ARG_DIFF_SRC, input, ofX));
        }
    }

    /**
     * @param gradient of what {@link #forward} gave
     * @param ofFilters receives the filters' gradient, O×I×k×k float32
     * @param ofBias receives the biases' gradient, O float32
     */
    public void backwardToNumbers(Tensor gradient, Tensor x, Tensor ofFilters, Optional<Tensor> ofBias) {
        try (Scope scope = Scope.open()) {
            Tensor found = OneDnn.memoryFor(filtersGradient.from);
            OneDnn.Arguments arguments = new OneDnn.Arguments()
                    .put(dnnl.DNNL_ARG_DIFF_DST, output, gradient)
                    .put(dnnl.DNNL_ARG_SRC, input, x)
                    .put(dnnl.DNNL_ARG_DIFF_WEIGHTS, filtersGradient.from, found);
            ofBias.ifPresent(b -> arguments.put(dnnl.DNNL_ARG_DIFF_BIAS, biases, b));
            toNumbers.run(arguments);
            filtersGradient.reorder(found, ofFilters);
        }
    }

    /** The shape of what comes out. */
    public long[] outputShape() {
        return new long[] {
            kind.batch, kind.out / kind.block, kind.after(kind.height), kind.after(kind.width), kind.block
        };
    }

    /** From one order of filters in memory, and type, to another. */
    private record Filters(memory.desc from, memory.desc to, OneDnn.Primitive primitive) {
        Filters(memory.desc from, memory.desc to, Scope scope) {
            this(scope.keep(from), scope.keep(to), primitive(from, to, scope));
        }

        private static OneDnn.Primitive primitive(memory.desc from, memory.desc to, Scope scope) {
            var description =
                    new reorder.primitive_desc(OneDnn.cpu(), from, OneDnn.cpu(), to, OneDnn.attributes(), false);
            return OneDnn.Primitive.of(new reorder(description), description, scope);
        }

        Tensor reordered(Tensor filters) {
            Tensor reordered = OneDnn.memoryFor(to);
            reorder(filters, reordered);
            return reordered;
        }

        void reorder(Tensor filters, Tensor target) {
            primitive.run(new OneDnn.Arguments()
                    .put(dnnl.DNNL_ARG_FROM, from, filters)
                    .put(dnnl.DNNL_ARG_TO, to, target));
        }
    }
}
