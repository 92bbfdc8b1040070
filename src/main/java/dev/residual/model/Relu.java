package dev.residual.model;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** max(0, x), in place: what comes before it needs its own input on the way back, not its output. */
record Relu(String name) implements Module {
    @Override
    public Tensor forward(Tensor x, Pass pass) {
        Tensor y = x.relu_();
        pass.save(name, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor gradient, Pass pass) {
        return torch.threshold_backward_out(gradient, gradient, pass.saved(name), new Scalar(0));
    }

    @Override
    public Shape trace(Shape input, Visitor visitor) {
        return input;
    }
}
