package dev.residual.model;

import dev.residual.tensor.Maps;
import dev.residual.tensor.ScriptWriter;
import java.util.ArrayList;
import java.util.List;
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
        boolean biased = bias || pass.mode() == Pass.Mode.FOLDED;
        TensorOptional biases = biased ? new TensorOptional(biases(x, pass)) : new TensorOptional();
        long[] strides = {stride, stride};
        long[] paddings = {padding, padding};
        return x.is_mkldnn()
                ? torch.mkldnn_convolution(x, weights(x, pass), biases, paddings, strides, DILATION, 1)
                : torch.conv2d(x, weights(x, pass), biases, strides, paddings, DILATION, 1);
    }

    private Tensor weights(Tensor x, Pass pass) {
        return numbers(".weight", x, pass);
    }

    private Tensor biases(Tensor x, Pass pass) {
        return numbers(".bias", x, pass);
    }

    /** In x's type; oneDNN casts by itself, as it brings weights into its own order. */
    private Tensor numbers(String which, Tensor x, Pass pass) {
        return x.is_mkldnn() ? pass.parameter(name + which) : pass.parameter(name + which, x.scalar_type());
    }

    @Override
    public Tensor backward(Tensor gradient, Pass pass) {
        Tensor x = pass.saved(name);
        backwardToNumbers(gradient, x, pass);
        return gradients(gradient, x, weights(gradient, pass), true).get0();
    }

    /** The way back of a network's first layer, which stops there: nobody asks for the gradient of the images. */
    void backwardToNumbers(Tensor gradient, Pass pass) {
        backwardToNumbers(gradient, pass.saved(name), pass);
    }

    private void backwardToNumbers(Tensor gradient, Tensor x, Pass pass) {
        // Another thread may come to these when the scope that they belong to has gone.
        Tensor keptGradient = pass.share(gradient);
        Tensor keptX = pass.share(x);
        Tensor weights = weights(gradient, pass);
        pass.gradients().putLater(name + ".weight", () -> {
            try (keptGradient;
                    keptX) {
                return gradients(keptGradient, keptX, weights, false).get1();
            }
        });
        if (bias) {
            pass.gradients()
                    .put(
                            name + ".bias",
                            pass.exactly(
                                    () -> Maps.blocks(gradient).sum(0, 2, 3).flatten()));
        }
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
