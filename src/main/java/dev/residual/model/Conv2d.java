package dev.residual.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A convolution with square filters.
 *
 * @param in channels in
 * @param out filters, which is channels out
 * @param kernel height and width of a filter
 * @param padding zeros on each side
 */
public record Conv2d(String name, int in, int out, int kernel, int stride, int padding, boolean bias)
        implements Module {
    /** The paper's layer: 3×3, padded so that only the stride changes the size. */
    static Conv2d of3x3(String name, int in, int out, int stride, boolean bias) {
        return new Conv2d(name, in, out, 3, stride, 1, bias);
    }

    @Override
    public Tensor forward(Tensor x, Pass pass) {
        // In the precision of what comes in; a cast is part of the graph, so that gradients arrive in float32.
        ScalarType precision = x.scalar_type();
        return torch.conv2d(
                x,
                pass.parameter(name + ".weight").to(precision),
                bias ? new TensorOptional(pass.parameter(name + ".bias").to(precision)) : new TensorOptional(),
                new long[] {stride, stride},
                new long[] {padding, padding},
                new long[] {1, 1},
                1);
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
        return (size + 2 * padding - kernel) / stride + 1;
    }
}
