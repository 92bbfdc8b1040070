package dev.residual.model;

import dev.residual.tensor.ConvolutionPrimitives;
import dev.residual.tensor.Maps;
import dev.residual.tensor.ScriptWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * A convolution with square filters.
 *
 * @param in channels in
 * @param out filters, which is channels out
 * @param kernel height and width of a filter
 * @param padding zeros on each side
 */
public record Conv2d(String name, int in, int out, int kernel, int stride, int padding, boolean bias)
        implements Scripted {
    private static final long[] DILATION = {1, 1};

    /** The paper's layer: 3×3, padded so that only the stride changes the size. */
    static Conv2d of3x3(String name, int in, int out, int stride, boolean bias) {
        return new Conv2d(name, in, out, 3, stride, 1, bias);
    }

    @Override
    public Tensor forward(Tensor x, Pass pass) {
        pass.save(name, x);
        if (Maps.isBlocked(x)) {
            ConvolutionPrimitives primitives = primitives(x);
            Tensor y = pass.newMaps(x.scalar_type(), primitives.outputShape());
            primitives.forward(x, pass.parameter(name + ".weight"), biasOf(pass::parameter), y);
            return y;
        }
        boolean biased = bias || pass.mode() == Pass.Mode.FOLDED;
        TensorOptional biases = biased ? new TensorOptional(biases(x, pass)) : new TensorOptional();
        return torch.conv2d(
                x, weights(x, pass), biases, new long[] {stride, stride}, new long[] {padding, padding}, DILATION, 1);
    }

    private Tensor weights(Tensor x, Pass pass) {
        return pass.parameter(name + ".weight", x.scalar_type());
    }

    private Tensor biases(Tensor x, Pass pass) {
        return pass.parameter(name + ".bias", x.scalar_type());
    }

    private ConvolutionPrimitives primitives(Tensor x) {
        return ConvolutionPrimitives.of(x, out, kernel, stride, padding, bias);
    }

    private Optional<Tensor> biasOf(Function<String, Tensor> numbers) {
        return bias ? Optional.of(numbers.apply(name + ".bias")) : Optional.empty();
    }

    @Override
    public Tensor backward(Tensor gradient, Pass pass) {
        Tensor x = pass.saved(name);
        backwardToNumbers(gradient, x, pass);
        if (Maps.isBlocked(x)) {
            Tensor ofX = pass.newMaps(x.scalar_type(), x.shape());
            primitives(x).backward(gradient, pass.parameter(name + ".weight"), ofX);
            return ofX;
        }
        return gradients(gradient, x, weights(gradient, pass), true).get0();
    }

    /** The way back of a network's first layer, which stops there: nobody asks for the gradient of the images. */
    void backwardToNumbers(Tensor gradient, Pass pass) {
        backwardToNumbers(gradient, pass.saved(name), pass);
    }

    private void backwardToNumbers(Tensor gradient, Tensor x, Pass pass) {
        Gradients gradients = pass.gradients();
        // Another thread may come to these when the scope that they belong to has gone.
        Tensor keptGradient = pass.share(gradient);
        Tensor keptX = pass.share(x);
        Runnable computation = Maps.isBlocked(x)
                ? () -> primitives(keptX)
                        .backwardToNumbers(keptGradient, keptX, gradients.of(name + ".weight"), biasOf(gradients::of))
                : byLibtorch(keptGradient, keptX, weights(gradient, pass), gradients);
        gradients.later(() -> {
            try (keptGradient;
                    keptX) {
                computation.run();
            }
        });
        if (bias && !Maps.isBlocked(x)) {
            gradients.put(name + ".bias", pass.exactly(() -> gradient.sum(0, 2, 3)));
        }
    }

    private Runnable byLibtorch(Tensor gradient, Tensor x, Tensor weights, Gradients gradients) {
        return () -> gradients.put(
                name + ".weight", gradients(gradient, x, weights, false).get1());
    }

    /** @param ofInput whether the input's gradient is wanted, or the filters' */
    private T_TensorTensorTensor_T gradients(Tensor gradient, Tensor x, Tensor weights, boolean ofInput) {
        BoolPointer wanted = new BoolPointer(3).put(0, ofInput).put(1, !ofInput).put(2, false);
        return torch.convolution_backward(
                gradient,
                x,
                weights,
                new LongArrayRefOptional(),
                new long[] {stride, stride},
                new long[] {padding, padding},
                DILATION,
                false,
                new long[] {0, 0},
                1,
                wanted);
    }

    @Override
    public ScriptWriter.Result write(ScriptWriter.Result x, ScriptWriter writer, State folded) {
        return writer.conv(x, folded.get(name + ".weight"), folded.get(name + ".bias"), stride, padding);
    }

    /** With the ReLU that follows it. */
    ScriptWriter.Result writeRelu(ScriptWriter.Result x, ScriptWriter writer, State folded) {
        return writer.convRelu(x, folded.get(name + ".weight"), folded.get(name + ".bias"), stride, padding);
    }

    /**
     * With the sum and the ReLU that follow it.
     *
     * @param other overwritten
     */
    ScriptWriter.Result writeAddRelu(
            ScriptWriter.Result x, ScriptWriter.Result other, ScriptWriter writer, State folded) {
        return writer.convAddRelu(x, other, folded.get(name + ".weight"), folded.get(name + ".bias"), stride, padding);
    }

    @Override
    public Shape trace(Shape input, Visitor visitor) {
        if (input.channels() != in) {
            throw new IllegalStateException(name + " takes " + in + " channels, not " + input);
        }
        Shape output = new Shape(out, outputSize(input.height()), outputSize(input.width()));
        List<Parameter> parameters = new ArrayList<>();
        parameters.add(new Parameter(name + ".weight", Parameter.Role.WEIGHT, out, in, kernel, kernel));
        if (bias) {
            parameters.add(new Parameter(name + ".bias", Parameter.Role.BIAS, out));
        }
        long multiplyAdds = (long) in * kernel * kernel * out * output.height() * output.width();
        String kind = "conv " + kernel + "×" + kernel + (stride > 1 ? ", stride " + stride : "");
        visitor.layer(name, kind, output, parameters, multiplyAdds);
        return output;
    }

    private int outputSize(int size) {
        return ScriptWriter.sizeAfter(size, kernel, stride, padding);
    }
}
