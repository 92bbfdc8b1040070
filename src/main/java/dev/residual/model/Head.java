package dev.residual.model;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The network's end, global average pooling and a fully connected layer: N×C×H×W → N×classes logits. The softmax is in
 * the loss.
 */
public record Head(String name, int in, int out) implements Module {
    @Override
    public Tensor forward(Tensor x, Pass pass) {
        return torch.linear(
                x.mean(2, 3).to(ScalarType.Float),
                pass.parameter(name + ".weight"),
                new TensorOptional(pass.parameter(name + ".bias")));
    }

    @Override
    public Shape trace(Shape input, Visitor visitor) {
        visitor.layer("pool", "global average pool", new Shape(in, 1, 1), List.of(), 0);
        List<Parameter> parameters = List.of(
                new Parameter(name + ".weight", Parameter.Role.WEIGHT, out, in),
                new Parameter(name + ".bias", Parameter.Role.BIAS, out));
        Shape output = new Shape(out, 1, 1);
        visitor.layer(name, "fully connected", output, parameters, (long) in * out);
        return output;
    }
}
