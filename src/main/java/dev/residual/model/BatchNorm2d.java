package dev.residual.model;

import dev.residual.tensor.Maps;
import java.util.List;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
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
        if (pass.mode() == Pass.Mode.FOLDED) {
            return x;
        }
        // oneDNN's does not keep them
        boolean running = pass.mode() != Pass.Mode.BATCH_STATISTICS && !x.is_mkldnn();
        T_TensorTensorTensor_T result = pass.exactly(() -> torch.native_batch_norm(
                x,
                numbers(".weight", pass),
                numbers(".bias", pass),
                running ? numbers(".running_mean", pass) : new TensorOptional(),
                running ? numbers(".running_var", pass) : new TensorOptional(),
                pass.mode() != Pass.Mode.EVALUATION,
                MOMENTUM,
                EPSILON));
        if (x.is_mkldnn() && pass.mode() == Pass.Mode.TRAINING) {
            run(Maps.memory(result.get1()), Maps.memory(result.get2()), x.numel() / channels, pass);
        }
        pass.save(name, x);
        pass.save(name + ".mean", result.get1());
        pass.save(name + ".deviation", result.get2());
        return result.get0();
    }

    /** What libtorch's own BN does to the running statistics. */
    private void run(Tensor mean, Tensor variance, double count, Pass pass) {
        double unbiased = count / (count - 1);
        pass.parameter(name + ".running_mean").lerp_(mean, new Scalar(MOMENTUM));
        pass.parameter(name + ".running_var")
                .mul_(new Scalar(1 - MOMENTUM))
                .add_(variance, new Scalar(MOMENTUM * unbiased));
    }

    @Override
    public Tensor backward(Tensor gradient, Pass pass) {
        T_TensorTensorTensor_T result = pass.exactly(() -> torch.native_batch_norm_backward(
                gradient,
                pass.saved(name),
                numbers(".weight", pass),
                new TensorOptional(),
                new TensorOptional(),
                new TensorOptional(pass.saved(name + ".mean")),
                new TensorOptional(pass.saved(name + ".deviation")), // as the forward pass left it
                true,
                EPSILON,
                new BoolPointer(3).put(0, true).put(1, true).put(2, true)));
        pass.gradients().put(name + ".weight", result.get1());
        pass.gradients().put(name + ".bias", result.get2());
        return result.get0();
    }

    private TensorOptional numbers(String which, Pass pass) {
        return new TensorOptional(pass.parameter(name + which));
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
