package dev.residual.model;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Batch normalisation (the paper's [16]): each channel is shifted and scaled to mean 0 and variance 1 over the batch,
 * then by two trained numbers.
 */
public record BatchNorm2d(String name, int channels) implements Module {
    /** Added to the variance; PyTorch's default. */
    public static final double EPSILON = 1e-5;

    /** The share of a batch's statistics in the running ones; PyTorch's default. */
    static final double MOMENTUM = 0.1;

    @Override
    public Tensor forward(Tensor x, Pass pass) {
        boolean running = pass.mode() != Pass.Mode.BATCH_STATISTICS;
        return torch.batch_norm(
                x,
                new TensorOptional(pass.parameter(name + ".weight")),
                new TensorOptional(pass.parameter(name + ".bias")),
                running ? new TensorOptional(pass.parameter(name + ".running_mean")) : new TensorOptional(),
                running ? new TensorOptional(pass.parameter(name + ".running_var")) : new TensorOptional(),
                pass.mode() != Pass.Mode.EVALUATION,
                MOMENTUM,
                EPSILON,
                false);
    }

    @Override
    public Shape trace(Shape input, Visitor visitor) {
        List<Parameter> parameters = List.of(
                new Parameter(name + ".weight", Parameter.Role.SCALE, channels),
                new Parameter(name + ".bias", Parameter.Role.SHIFT, channels),
                new Parameter(name + ".running_mean", Parameter.Role.RUNNING_MEAN, channels),
                new Parameter(name + ".running_var", Parameter.Role.RUNNING_VARIANCE, channels));
        visitor.layer(name, "batch norm", input, parameters, 0);
        return input;
    }
}
