package dev.residual.nn;

import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Parameter;
import dev.residual.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
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
    private final boolean training;
    private double nearestToZero = Double.MAX_VALUE;

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
        nearestToZero = Math.min(nearestToZero, x.abs().min().item_double());
        return x.relu();
    }

    /** @param images N×3×32×32 */
    public Tensor logits(Tensor images) {
        Tensor x = relu(bn(conv(images.to(ScalarType.Double), "conv1", 1), "bn1"));
        for (int stage = 1; stage <= a.widths().size(); stage++) {
            String name = "layer" + stage;
            boolean shrinks = stage > 1;
            if (shrinks && a.shortcut() == Shortcut.ARTICLE) {
                x = conv(x, name + ".pool", 2);
                shrinks = false;
            }
            for (int block = 0; block < a.n(); block++) {
                x = block(x, name + "." + block, shrinks && block == 0 ? 2 : 1);
            }
        }
        return torch.linear(x.mean(2, 3), get("fc.weight"), new TensorOptional(get("fc.bias")));
    }

    private Tensor block(Tensor x, String name, int stride) {
        Tensor f = relu(bn(conv(x, name + ".conv1", stride), name + ".bn1"));
        f = bn(conv(f, name + ".conv2", 1), name + ".bn2");
        boolean same = stride == 1 && x.size(1) == f.size(1);
        Tensor sum =
                switch (a.shortcut()) {
                    case NONE -> f;
                    case C -> f.add(project(x, name, stride));
                    case B -> f.add(same ? x : project(x, name, stride));
                    case A, ARTICLE -> f.add(same ? x : subsample(x, f.size(1)));
                };
        return relu(sum);
    }

    private Tensor project(Tensor x, String name, int stride) {
        return bn(conv(x, name + ".downsample.0", stride), name + ".downsample.1");
    }

    private static Tensor subsample(Tensor x, long channels) {
        Tensor small = torch.avg_pool2d(
                x,
                new long[] {1, 1},
                new long[] {2, 2},
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

    private Tensor bn(Tensor x, String name) {
        return torch.batch_norm(
                x,
                new TensorOptional(get(name + ".weight")),
                new TensorOptional(get(name + ".bias")),
                new TensorOptional(get(name + ".running_mean")),
                new TensorOptional(get(name + ".running_var")),
                training,
                BatchNorm.MOMENTUM,
                BatchNorm.EPSILON,
                false);
    }
}
