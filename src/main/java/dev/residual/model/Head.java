package dev.residual.model;

import dev.residual.tensor.Maps;
import dev.residual.tensor.ScriptWriter;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The network's end, global average pooling and a fully connected layer: N×C×H×W → N×classes logits. The softmax is in
 * the loss.
 */
public record Head(String name, int in, int out) implements Scripted {
    @Override
    public Tensor forward(Tensor x, Pass pass) {
        Tensor pooled = Maps.blocks(x).mean(2, 3).flatten(1, 2).to(ScalarType.Float);
        pass.save(name, x);
        pass.save(name + ".pooled", pooled);
        return torch.linear(
                pooled, pass.parameter(name + ".weight"), new TensorOptional(pass.parameter(name + ".bias")));
    }

    /** @param gradient N×classes float32 */
    @Override
    public Tensor backward(Tensor gradient, Pass pass) {
        pass.gradients().put(name + ".weight", gradient.t().matmul(pass.saved(name + ".pooled")));
        pass.gradients().put(name + ".bias", gradient.sum(0));
        Tensor x = pass.saved(name);
        Tensor spread = Maps.isBlocked(x) ? pass.newMaps(x.scalar_type(), x.shape()) : torch.empty_like(x);
        Tensor blocks = Maps.blocks(spread);
        // Each pixel of a map has the same share in its mean.
        Tensor share =
                gradient.matmul(pass.parameter(name + ".weight")).div_(new Scalar(blocks.size(2) * blocks.size(3)));
        blocks.copy_(
                share.view(blocks.size(0), blocks.size(1), 1, 1, blocks.size(4)).expand_as(blocks));
        return spread;
    }

    @Override
    public ScriptWriter.Result write(ScriptWriter.Result x, ScriptWriter writer, State folded) {
        return writer.linear(writer.pool(x), folded.get(name + ".weight"), folded.get(name + ".bias"));
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
