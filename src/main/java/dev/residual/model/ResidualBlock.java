package dev.residual.model;

import dev.residual.tensor.ScriptWriter;
import org.bytedeco.pytorch.Tensor;

/**
 * The paper's building block, y = ReLU(F(x) + x) (eq. 1, fig. 2 left): F is conv, BN, ReLU, conv, BN. Without a
 * shortcut it is the plain network's, y = ReLU(F(x)).
 *
 * @param bn1 with its ReLU
 */
public record ResidualBlock(Conv2d conv1, BatchNorm2d bn1, Conv2d conv2, BatchNorm2d bn2, Shortcut shortcut, Relu relu)
        implements Scripted {
    /**
     * @param name such as {@code layer2.0}
     * @param stride of the first convolution: 2 where the maps get smaller
     */
    static ResidualBlock of(String name, int in, int out, int stride, boolean bias, Shortcut shortcut) {
        return new ResidualBlock(
                Conv2d.of3x3(name + ".conv1", in, out, stride, bias),
                new BatchNorm2d(name + ".bn1", out, true),
                Conv2d.of3x3(name + ".conv2", out, out, 1, bias),
                new BatchNorm2d(name + ".bn2", out, false),
                shortcut,
                new Relu(name + ".relu"));
    }

    @Override
    public Tensor forward(Tensor x, Pass pass) {
        Tensor f = bn1.forward(conv1.forward(x, pass), pass);
        f = bn2.forward(conv2.forward(f, pass), pass);
        return relu.forward(shortcut.addTo(f, x, pass), pass);
    }

    @Override
    public Tensor backward(Tensor gradient, Pass pass) {
        Tensor sum = relu.backward(gradient, pass); // of F(x) + x, and so of both
        Tensor f = conv2.backward(bn2.backward(sum, pass), pass);
        f = conv1.backward(bn1.backward(f, pass), pass);
        return shortcut.addGradient(f, sum, pass);
    }

    @Override
    public ScriptWriter.Result write(ScriptWriter.Result x, ScriptWriter writer, State folded) {
        ScriptWriter.Result f = conv1.writeRelu(x, writer, folded);
        return shortcut.write(x, writer, folded)
                .map(around -> conv2.writeAddRelu(f, around, writer, folded))
                .orElseGet(() -> conv2.writeRelu(f, writer, folded));
    }

    @Override
    public Shape trace(Shape input, Visitor visitor) {
        Shape output = bn1.trace(conv1.trace(input, visitor), visitor);
        output = bn2.trace(conv2.trace(output, visitor), visitor);
        shortcut.trace(input, visitor);
        return output;
    }
}
