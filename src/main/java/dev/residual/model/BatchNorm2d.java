package dev.residual.model;

import dev.residual.tensor.BatchNormPrimitives;
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
 *
 * @param relu whether the ReLU that follows is part of this: one operation may do both
 */
public record BatchNorm2d(String name, int channels, boolean relu) implements Module {
    /** Added to the variance; PyTorch's default. */
    public static final double EPSILON = 1e-5;

    /** The share of a batch's statistics in the running ones; PyTorch's default. */
    static final double MOMENTUM = 0.1;

    @Override
    public Tensor forward(Tensor x, Pass pass) {
        if (pass.mode() == Pass.Mode.FOLDED) {
            return relu ? Maps.relu(x) : x;
        }
        pass.save(name, x);
        return Maps.isBlocked(x) ? byOneDnn(x, pass) : byLibtorch(x, pass);
    }

    /** By the batch's own statistics; {@link ResNet} blocks maps for nothing else. */
    private Tensor byOneDnn(Tensor x, Pass pass) {
        Tensor y = pass.newMaps(x.scalar_type(), x.shape());
        BatchNormPrimitives.Statistics statistics = pass.exactly(() -> BatchNormPrimitives.of(x, relu, EPSILON)
                .forward(x, numbers(".weight", pass), numbers(".bias", pass), y));
        if (pass.mode() == Pass.Mode.TRAINING) {
            updateRunning(statistics.mean(), statistics.variance(), x.numel() / channels, pass);
        }
        pass.save(name + ".mean", statistics.mean());
        pass.save(name + ".variance", statistics.variance());
        pass.save(name + ".signs", statistics.signs());
        return y;
    }

    /** What libtorch's own BN does to the running statistics. */
    private void updateRunning(Tensor mean, Tensor variance, double count, Pass pass) {
        double unbiased = count / (count - 1);
        numbers(".running_mean", pass).lerp_(mean, new Scalar(MOMENTUM));
        numbers(".running_var", pass).mul_(new Scalar(1 - MOMENTUM)).add_(variance, new Scalar(MOMENTUM * unbiased));
    }

    private Tensor byLibtorch(Tensor x, Pass pass) {
        boolean running = pass.mode() != Pass.Mode.BATCH_STATISTICS;
        T_TensorTensorTensor_T result = pass.exactly(() -> torch.native_batch_norm(
                x,
                optional(".weight", pass),
                optional(".bias", pass),
                running ? optional(".running_mean", pass) : new TensorOptional(),
                running ? optional(".running_var", pass) : new TensorOptional(),
                pass.mode() != Pass.Mode.EVALUATION,
                MOMENTUM,
                EPSILON));
        pass.save(name + ".mean", result.get1());
        pass.save(name + ".deviation", result.get2());
        Tensor y = result.get0();
        if (relu) {
            pass.save(name + ".y", Maps.relu(y));
        }
        return y;
    }

    @Override
    public Tensor backward(Tensor gradient, Pass pass) {
        Tensor x = pass.saved(name);
        return Maps.isBlocked(x) ? backwardByOneDnn(gradient, x, pass) : backwardByLibtorch(gradient, x, pass);
    }

    private Tensor backwardByOneDnn(Tensor gradient, Tensor x, Pass pass) {
        BatchNormPrimitives.Statistics statistics = new BatchNormPrimitives.Statistics(
                pass.saved(name + ".mean"), pass.saved(name + ".variance"), pass.saved(name + ".signs"));
        Tensor ofX = pass.newMaps(x.scalar_type(), x.shape());
        return pass.exactly(() -> {
            BatchNormPrimitives.of(x, relu, EPSILON)
                    .backward(
                            gradient,
                            x,
                            numbers(".weight", pass),
                            statistics,
                            ofX,
                            pass.gradients().of(name + ".weight"),
                            pass.gradients().of(name + ".bias"));
            return ofX;
        });
    }

    private Tensor backwardByLibtorch(Tensor gradient, Tensor x, Pass pass) {
        if (relu) {
            Maps.maskByPositive(gradient, pass.saved(name + ".y"));
        }
        T_TensorTensorTensor_T result = pass.exactly(() -> torch.native_batch_norm_backward(
                gradient,
                x,
                optional(".weight", pass),
                new TensorOptional(),
                new TensorOptional(),
                new TensorOptional(pass.saved(name + ".mean")),
                new TensorOptional(pass.saved(name + ".deviation")),
                true,
                EPSILON,
                new BoolPointer(3).put(0, true).put(1, true).put(2, true)));
        pass.gradients().put(name + ".weight", result.get1());
        pass.gradients().put(name + ".bias", result.get2());
        return result.get0();
    }

    private Tensor numbers(String which, Pass pass) {
        return pass.parameter(name + which);
    }

    private TensorOptional optional(String which, Pass pass) {
        return new TensorOptional(numbers(which, pass));
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
