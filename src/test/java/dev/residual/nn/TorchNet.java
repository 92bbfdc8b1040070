package dev.residual.nn;

import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Parameter;
import dev.residual.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The networks once more, written by hand as one would in PyTorch, in double and with libtorch's autograd: an independent
 * second opinion on what a graph computes and on its gradients.
 */
public final class TorchNet {
    private final Architecture a;
    private final Map<String, Tensor> weights = new LinkedHashMap<>();
    private final Map<String, Double> deviations = new LinkedHashMap<>();
    private final boolean training;
    private double nearestToZero = Double.MAX_VALUE;
    private List<String> dropped = List.of();

    /**
     * @param values of each parameter and buffer
     * @param training whether BN normalises by the batch's statistics
     */
    public TorchNet(Architecture a, java.util.function.Function<Parameter, float[]> values, boolean training) {
        this.a = a;
        this.training = training;
        for (Parameter p : a.graph().parameters()) {
            Tensor tensor = Tensors.of(values.apply(p), p.sizes()).to(ScalarType.Double);
            weights.put(p.name(), tensor.set_requires_grad(p.trained()));
        }
    }

    /** A parameter or buffer; after a backward pass its gradient is there. */
    public Tensor get(String name) {
        return weights.get(name);
    }

    /**
     * The smallest magnitude of all that went into a ReLU. Where it is no more than rounding, another computation may find
     * the other sign, and with it another gradient.
     */
    public double nearestToZero() {
        return nearestToZero;
    }

    private Tensor relu(Tensor x) {
        // What is 0 itself, since a ReLU before made it so, is 0 however it is computed.
        Tensor others = x.abs().masked_fill(x.eq(new Scalar(0)), new Scalar(Double.MAX_VALUE));
        nearestToZero = Math.min(nearestToZero, others.min().item_double());
        return x.relu();
    }

    /** @param images N×3×H×W */
    public Tensor logits(Tensor images) {
        boolean pre = a.block().activation() == Activation.PRE_ACTIVATION;
        Tensor x = conv(images.to(ScalarType.Double), "conv1", 1);
        x = pre ? x : relu(bn(x, "bn1"));
        for (int stage = 1; stage <= a.stages().count(); stage++) {
            String name = "layer" + stage;
            boolean shrinks = stage > 1;
            if (shrinks && a.shortcut() == Shortcut.ARTICLE) {
                x = conv(x, name + ".pool", 2);
                shrinks = false;
            }
            for (int block = 0; block < a.stages().blocks().get(stage - 1); block++) {
                x = block(x, name + "." + block, shrinks && block == 0 ? 2 : 1);
            }
        }
        x = pre ? relu(bn(x, "bn")) : x;
        return torch.linear(x.mean(2, 3), get("fc.weight"), new TensorOptional(get("fc.bias")));
    }

    private Tensor block(Tensor x, String name, int stride) {
        int last = a.block().layers().size();
        if (a.block().activation() == Activation.PRE_ACTIVATION) {
            return preActivated(x, name, stride);
        }
        if (dropped.contains(name)) {
            long channels = get(name + ".conv" + last + ".weight").size(0);
            Tensor zero = torch.zeros(x.size(0), channels, x.size(2) / stride, x.size(3) / stride);
            return relu(sum(zero, x, name, stride));
        }
        Tensor f = x;
        for (int i = 1; i < last; i++) {
            f = relu(bn(conv(f, name + ".conv" + i, striding(i, stride)), name + ".bn" + i));
        }
        f = conv(f, name + ".conv" + last, striding(last, stride));
        String bn = name + ".bn" + last;
        return switch (a.block().activation()) {
            case ORIGINAL -> relu(sum(bn(f, bn), x, name, stride));
            case BN_AFTER_ADDITION -> relu(bn(sum(f, x, name, stride), bn));
            case RELU_BEFORE_ADDITION -> sum(relu(bn(f, bn)), x, name, stride);
            case NO_LAST_RELU -> sum(bn(f, bn), x, name, stride);
            case ARTICLE_LISTED -> relu(sum(f, x, name, stride));
            case PRE_ACTIVATION -> throw new IllegalStateException();
        };
    }

    /** He et al. 2016, figure 4 (e). */
    private Tensor preActivated(Tensor x, String name, int stride) {
        Tensor f = x;
        Tensor first = null;
        for (int i = 1; i <= a.block().layers().size(); i++) {
            f = relu(bn(f, name + ".bn" + i));
            first = i == 1 ? f : first;
            f = conv(f, name + ".conv" + i, striding(i, stride));
        }
        boolean both = name.equals("layer1.0") || stride > 1 || x.size(1) != f.size(1);
        return sum(f, both ? first : x, name, stride);
    }

    /** The stride of a block's i-th layer: that of the first one with filters larger than a pixel. */
    private int striding(int i, int stride) {
        boolean first = a.block().layers().subList(0, i - 1).stream().allMatch(layer -> layer.kernel() == 1);
        return first && a.block().layers().get(i - 1).kernel() > 1 ? stride : 1;
    }

    /** Stochastic depth: these blocks, of the original kind, are left out, as a training step may do. */
    void drop(List<String> blocks) {
        dropped = blocks;
    }

    /** How often a block is left in; the l-th of L survives with probability 1 - l/L (1 - p_L). */
    private double survival(String name) {
        int l = 0;
        int all = 0;
        for (int stage = 1; stage <= a.stages().count(); stage++) {
            for (int block = 0; block < a.stages().blocks().get(stage - 1); block++) {
                all++;
                l = name.equals("layer" + stage + "." + block) ? all : l;
            }
        }
        return 1 - (double) l / all * (1 - a.survival());
    }

    private Tensor sum(Tensor f, Tensor x, String name, int stride) {
        boolean same = stride == 1 && x.size(1) == f.size(1);
        f = f.mul(new Scalar(training ? 1 : survival(name)));
        return switch (a.shortcut()) {
            case NONE -> f;
            case C -> f.add(project(x, name, stride));
            case B -> f.add(same ? x : project(x, name, stride));
            case A, ARTICLE -> f.add(same ? x : subsample(x, f.size(1), stride));
        };
    }

    private Tensor project(Tensor x, String name, int stride) {
        Tensor projected = conv(x, name + ".downsample.0", stride);
        boolean pre = a.block().activation() == Activation.PRE_ACTIVATION;
        return pre ? projected : bn(projected, name + ".downsample.1");
    }

    private static Tensor subsample(Tensor x, long channels, int stride) {
        Tensor small = torch.avg_pool2d(
                x,
                new long[] {1, 1},
                new long[] {stride, stride},
                new long[] {0, 0},
                false,
                true,
                new org.bytedeco.pytorch.LongOptional());
        long before = (channels - x.size(1)) / 2;
        return torch.constant_pad_nd(small, new long[] {0, 0, 0, 0, before, channels - x.size(1) - before});
    }

    private Tensor conv(Tensor x, String name, int stride) {
        Tensor weight = get(name + ".weight");
        Tensor bias = get(name + ".bias");
        long padding = (weight.size(2) - 1) / 2;
        return torch.conv2d(
                x,
                weight,
                bias == null ? new TensorOptional() : new TensorOptional(bias),
                new long[] {stride, stride},
                new long[] {padding, padding},
                new long[] {1, 1},
                1);
    }

    /** Of what each BN put out, by its name: the square root of the mean squared distance from the mean. */
    public Map<String, Double> deviations() {
        return deviations;
    }

    private Tensor bn(Tensor x, String name) {
        Tensor y = torch.batch_norm(
                x,
                new TensorOptional(get(name + ".weight")),
                new TensorOptional(get(name + ".bias")),
                new TensorOptional(get(name + ".running_mean")),
                new TensorOptional(get(name + ".running_var")),
                training,
                BatchNorm.MOMENTUM,
                BatchNorm.EPSILON,
                false);
        deviations.put(name, y.sub(y.mean()).square().mean().sqrt().item_double());
        return y;
    }
}
