package dev.residual.backend;

import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Shape;
import dev.residual.tensor.Device;
import dev.residual.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Batch norm by the mean and variance of a whole minibatch, of which this process has a part, as PyTorch's
 * {@code SyncBatchNorm}. The processes add up sums: forward of each channel's values and of their squares, backward of the
 * gradients of scale and shift, on which the input's gradient depends.
 *
 * @param part what the backend computes of this process's part
 * @param sums adds up numbers over all processes
 */
record SyncBatchNorm(Part part, UnaryOperator<double[]> sums) {
    /**
     * Of each channel.
     *
     * @param mean C float32
     * @param variance C float32: the mean squared distance from the mean
     */
    record Moments(Tensor mean, Tensor variance) {}

    /**
     * @param y N×C×H×W
     * @param mask what the backward pass has to know of the ReLU that is part of this; empty without one
     */
    record Output(Tensor y, List<Tensor> mask) {}

    /** Batch norm of one process's part, by given moments, which the backward pass takes for constants. */
    interface Part {
        Moments moments(Tensor x);

        Shape shape();

        /** How many values each channel of x has. */
        default long count(Tensor x) {
            return x.size(0) * shape().height() * shape().width();
        }

        Output forward(Tensor x, Tensor scale, Tensor shift, Moments moments);

        /** @return the gradient of x, which may be overwritten */
        Tensor backward(
                Tensor gradient,
                Tensor x,
                Tensor scale,
                Moments moments,
                List<Tensor> mask,
                Tensor ofScale,
                Tensor ofShift);

        /** The forward pass without ReLU. */
        Tensor scaled(Tensor x, Tensor scale, Tensor shift, Moments moments);
    }

    Tensor forward(Tensor x, Pass pass) {
        Moments own = part.moments(x);
        float[] mean = Tensors.floats(own.mean());
        float[] variance = Tensors.floats(own.variance());
        int channels = mean.length;
        double count = part.count(x);
        double[] sum = new double[2 * channels + 1];
        for (int c = 0; c < channels; c++) {
            sum[c] = count * mean[c];
            sum[channels + c] = count * (variance[c] + (double) mean[c] * mean[c]);
        }
        sum[2 * channels] = count;
        sum = sums.apply(sum);
        double all = sum[2 * channels];
        for (int c = 0; c < channels; c++) {
            double centre = sum[c] / all;
            mean[c] = (float) centre;
            variance[c] = (float) Math.max(0, sum[channels + c] / all - centre * centre);
        }
        Moments whole = new Moments(beside(x, mean), beside(x, variance));
        updateRunning(whole, all, pass);
        Output output = part.forward(x, pass.parameter("weight"), pass.parameter("bias"), whole);
        List<Tensor> saved =
                new ArrayList<>(List.of(x, whole.mean(), whole.variance(), Tensors.of(new long[] {(long) all})));
        saved.addAll(output.mask());
        pass.save(saved.toArray(Tensor[]::new));
        return output.y();
    }

    /** On the same device. */
    private static Tensor beside(Tensor x, float[] values) {
        return Device.of(x).move(Tensors.of(values, values.length));
    }

    /** Moves the running statistics as libtorch's BN does. */
    static void updateRunning(Moments found, double count, Pass pass) {
        double unbiased = count / (count - 1);
        pass.parameter("running_mean").lerp_(found.mean(), new Scalar(BatchNorm.MOMENTUM));
        pass.parameter("running_var")
                .mul_(new Scalar(1 - BatchNorm.MOMENTUM))
                .add_(found.variance(), new Scalar(BatchNorm.MOMENTUM * unbiased));
    }

    /**
     * With x̂ = (x − mean) / std, the gradient of x is scale / std · (dy − (Σdy + x̂·Σ(dy·x̂)) / count), and the two sums over
     * the whole minibatch are those of the gradients of shift and scale. What the mean and variance add to it is batch norm
     * again, of x by the same moments.
     */
    Tensor backward(Tensor gradient, Pass pass) {
        List<Tensor> saved = pass.saved();
        Tensor x = saved.get(0);
        Moments whole = new Moments(saved.get(1), saved.get(2));
        double count = saved.get(3).item_long();
        Tensor ofX = part.backward(
                gradient,
                x,
                pass.parameter("weight"),
                whole,
                saved.subList(4, saved.size()),
                pass.gradient("weight"),
                pass.gradient("bias"));
        float[] scale = Tensors.floats(pass.parameter("weight"));
        float[] variance = Tensors.floats(whole.variance());
        float[] ofScale = Tensors.floats(pass.gradient("weight"));
        float[] ofShift = Tensors.floats(pass.gradient("bias"));
        int channels = scale.length;
        double[] sum = new double[2 * channels];
        for (int c = 0; c < channels; c++) {
            sum[c] = ofScale[c];
            sum[channels + c] = ofShift[c];
        }
        sum = sums.apply(sum);
        for (int c = 0; c < channels; c++) {
            double factor = -scale[c] / Math.sqrt(variance[c] + BatchNorm.EPSILON) / count;
            ofScale[c] = (float) (factor * sum[c]);
            ofShift[c] = (float) (factor * sum[channels + c]);
        }
        return ofX.add_(part.scaled(x, beside(x, ofScale), beside(x, ofShift), whole));
    }
}
