package dev.residual.model;

import dev.residual.tensor.Maps;
import org.bytedeco.pytorch.Tensor;

/** max(0, x), in place: what comes before it needs its own input on the way back, not its output. */
record Relu(String name) implements Module {
    @Override
    public Tensor forward(Tensor x, Pass pass) {
        pass.save(name, Maps.relu(x));
        return x;
    }

    @Override
    public Tensor backward(Tensor gradient, Pass pass) {
        return Maps.maskByPositive(gradient, pass.saved(name));
    }

    @Override
    public Shape trace(Shape input, Visitor visitor) {
        return input;
    }
}
