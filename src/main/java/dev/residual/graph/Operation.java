package dev.residual.graph;

import dev.residual.ResidualException;
import dev.residual.graph.Parameter.Role;
import java.util.ArrayList;
import java.util.List;

/**
 * One operation of a network: what it is, not its weights. Everything that is done with networks knows these few types:
 * a backend computes each of them, forward and backward; ONNX has a node for each.
 */
public sealed interface Operation {
    /** The layer's name, such as {@code layer1.0.conv1}; the names of its parameters begin with it. Unique in a network. */
    String name();

    /** For people, such as {@code conv 3×3}. */
    String kind();

    /** @param inputs the shapes of what comes in, in the order of the operation's inputs */
    Shape output(List<Shape> inputs);

    /** Parameters and buffers. */
    default List<Parameter> parameters() {
        return List.of();
    }

    /** Multiply-adds for one image; only convolutions and linear layers count, as in the literature. */
    default long multiplyAdds(Shape output) {
        return 0;
    }

    /** Whether the derivative needs the input, which is then kept for the backward pass. */
    default boolean keepsInput() {
        return false;
    }

    /** The same of what went out. */
    default boolean keepsOutput() {
        return false;
    }

    /** The input of a network: images, C×H×W. */
    record Input(String name, Shape shape) implements Operation {
        @Override
        public String kind() {
            return "images";
        }

        @Override
        public Shape output(List<Shape> inputs) {
            return shape;
        }
    }

    /** A convolution's last step before it writes its output. {@link Fusion} makes all but {@code NONE}. */
    enum Epilogue {
        NONE,
        RELU,
        /** Adds a second input. */
        ADD,
        ADD_RELU;

        public boolean adds() {
            return this == ADD || this == ADD_RELU;
        }

        public boolean rectifies() {
            return this == RELU || this == ADD_RELU;
        }
    }

    /**
     * A convolution with square filters, padded with zeros so that only the stride changes the size of an odd kernel's
     * output.
     *
     * @param in channels in
     * @param out filters, which is channels out
     * @param kernel height and width of a filter
     */
    record Convolution(String name, int in, int out, int kernel, int stride, boolean bias, Epilogue epilogue)
            implements Operation {
        public int padding() {
            return (kernel - 1) / 2;
        }

        public Parameter weight() {
            return new Parameter(name + ".weight", Role.WEIGHT, out, in, kernel, kernel);
        }

        @Override
        public String kind() {
            return "conv " + kernel + "×" + kernel + (stride > 1 ? ", stride " + stride : "");
        }

        @Override
        public Shape output(List<Shape> inputs) {
            Shape x = inputs.get(0);
            if (x.channels() != in) {
                throw new IllegalArgumentException(name + " takes " + in + " channels, not " + x);
            }
            ResidualException.require(
                    Math.min(x.height(), x.width()) + 2 * padding() >= kernel,
                    name + " has filters of " + kernel + "×" + kernel + ", and gets " + x
                            + ": take larger images, or fewer stages");
            return new Shape(out, size(x.height()), size(x.width()));
        }

        private int size(int before) {
            return (before + 2 * padding() - kernel) / stride + 1;
        }

        @Override
        public List<Parameter> parameters() {
            List<Parameter> parameters = new ArrayList<>(List.of(weight()));
            if (bias) {
                parameters.add(new Parameter(name + ".bias", Role.BIAS, out));
            }
            return parameters;
        }

        @Override
        public long multiplyAdds(Shape output) {
            return weight().count() * output.height() * output.width();
        }

        @Override
        public boolean keepsInput() {
            return true;
        }
    }

    /**
     * Batch normalisation (Ioffe, Szegedy 2015, the paper's [16]): each channel is shifted and scaled to mean 0 and
     * variance 1 over the batch, then scaled and shifted by two parameters.
     *
     * @param relu whether the ReLU that follows is part of this, see {@link Fusion}
     */
    record BatchNorm(String name, int channels, boolean relu) implements Operation {
        /** Added to the variance; PyTorch's default. */
        public static final double EPSILON = 1e-5;

        /** The share of a batch's statistics in the running ones; PyTorch's default. */
        public static final double MOMENTUM = 0.1;

        @Override
        public String kind() {
            return "batch norm";
        }

        @Override
        public Shape output(List<Shape> inputs) {
            return inputs.get(0);
        }

        @Override
        public List<Parameter> parameters() {
            return List.of(
                    new Parameter(name + ".weight", Role.SCALE, channels),
                    new Parameter(name + ".bias", Role.SHIFT, channels),
                    new Parameter(name + ".running_mean", Role.RUNNING_MEAN, channels),
                    new Parameter(name + ".running_var", Role.RUNNING_VARIANCE, channels));
        }

        @Override
        public boolean keepsInput() {
            return true;
        }

        @Override
        public boolean keepsOutput() {
            return relu;
        }
    }

    /** max(0, x). */
    record Relu(String name) implements Operation {
        @Override
        public String kind() {
            return "ReLU";
        }

        @Override
        public Shape output(List<Shape> inputs) {
            return inputs.get(0);
        }

        @Override
        public boolean keepsOutput() {
            return true; // it is positive where the input was
        }
    }

    /** The sum of two inputs of one shape. */
    record Add(String name) implements Operation {
        @Override
        public String kind() {
            return "add";
        }

        @Override
        public Shape output(List<Shape> inputs) {
            if (!inputs.get(0).equals(inputs.get(1))) {
                throw new IllegalArgumentException(name + " adds " + inputs.get(0) + " and " + inputs.get(1));
            }
            return inputs.get(0);
        }
    }

    /**
     * Stochastic depth (Huang et al. 2016): in training, all that leads here is left out of some steps, as
     * {@link Dropping} does it; in inference, what comes in is multiplied by how often it was not.
     *
     * @param survival the probability that it is not left out, above 0
     */
    record StochasticDepth(String name, double survival) implements Operation {
        @Override
        public String kind() {
            return "stochastic depth";
        }

        @Override
        public Shape output(List<Shape> inputs) {
            return inputs.get(0);
        }
    }

    /**
     * Every second pixel of every second row (or every pixel), and zeros for new channels: the paper's shortcut A. The
     * paper does not say where the zeros go; half of them before and half behind is what the most used public
     * implementation does, and so its weights fit.
     *
     * @param stride 1 or 2
     */
    record Subsample(String name, int in, int out, int stride) implements Operation {
        /** Channels of zeros before the input's; the others come behind. */
        public int zerosBefore() {
            return (out - in) / 2;
        }

        @Override
        public String kind() {
            return "subsample, zero-pad";
        }

        @Override
        public Shape output(List<Shape> inputs) {
            Shape x = inputs.get(0);
            return new Shape(out, (x.height() + stride - 1) / stride, (x.width() + stride - 1) / stride);
        }
    }

    /** The mean of each feature map: C×H×W → C×1×1. */
    record GlobalAveragePool(String name) implements Operation {
        @Override
        public String kind() {
            return "global average pool";
        }

        @Override
        public Shape output(List<Shape> inputs) {
            return new Shape(inputs.get(0).channels(), 1, 1);
        }
    }

    /** A fully connected layer on C×1×1; it computes in float32. */
    record Linear(String name, int in, int out) implements Operation {
        @Override
        public String kind() {
            return "fully connected";
        }

        @Override
        public Shape output(List<Shape> inputs) {
            return new Shape(out, 1, 1);
        }

        @Override
        public List<Parameter> parameters() {
            return List.of(
                    new Parameter(name + ".weight", Role.WEIGHT, out, in),
                    new Parameter(name + ".bias", Role.BIAS, out));
        }

        @Override
        public long multiplyAdds(Shape output) {
            return (long) in * out;
        }

        @Override
        public boolean keepsInput() {
            return true;
        }
    }
}
