package dev.residual.bench.peers;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import dev.residual.ResidualException;
import dev.residual.data.ImageSet;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.nn.Architecture;
import dev.residual.nn.Shortcut;
import java.nio.FloatBuffer;
import java.util.Iterator;
import java.util.List;

/**
 * The same network of DJL's blocks. DJL's own {@code ResNetV1} cannot be built for images of 32×32 with three stages.
 */
final class DjlNetwork {
    private DjlNetwork() {}

    /** A model with the weights of that file. */
    static Model of(dev.residual.model.Model file, int batch) {
        Model model = Model.newInstance("resnet", "PyTorch");
        model.setBlock(block(file.card().architecture()));
        model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, shape(batch));
        fill(model.getBlock(), file);
        return model;
    }

    static Shape shape(int batch) {
        return new Shape(batch, ImageSet.CHANNELS, ImageSet.SIZE, ImageSet.SIZE);
    }

    static long parameters(Block block) {
        return block.getParameters().values().stream()
                .filter(Parameter::requiresGradient)
                .mapToLong(p -> p.getArray().size())
                .sum();
    }

    /** Both sides name their arrays layer by layer in the same order; shapes tell whether they do. */
    private static void fill(Block block, dev.residual.model.Model file) {
        Iterator<NamedTensor> tensors = file.tensors().values().iterator();
        for (Parameter parameter : block.getParameters().values()) {
            NamedTensor tensor = tensors.next();
            NDArray array = parameter.getArray();
            if (!array.getShape().equals(new Shape(tensor.shape()))) {
                throw new IllegalStateException(parameter.getName() + " is " + array.getShape());
            }
            array.set(FloatBuffer.wrap(tensor.floats()));
        }
        if (tensors.hasNext()) {
            throw new IllegalStateException("DJL's network has fewer arrays than the model");
        }
    }

    private static Block block(Architecture a) {
        boolean known = a.shortcut() == Shortcut.A || a.shortcut() == Shortcut.ARTICLE;
        List<Integer> channels = a.stages().channels();
        if (!known
                || !a.block()
                        .equals(Architecture.of("resnet20").withWidths(channels).block())) {
            throw new ResidualException(a.name() + ": expected basic blocks, with shortcut A or the article's");
        }
        int in = a.stages().stem();
        SequentialBlock network = new SequentialBlock()
                .add(conv(in, 3, 1, 1, a.convBias()))
                .add(norm())
                .add(Activation.reluBlock());
        for (int stage = 0; stage < channels.size(); stage++) {
            int out = channels.get(stage);
            for (int i = 0; i < a.stages().blocks().get(stage); i++) {
                if (in != out && a.shortcut() == Shortcut.ARTICLE) {
                    network.add(conv(out, 2, 2, 0, a.convBias()));
                    in = out;
                }
                network.add(residual(in, out, a.convBias()));
                in = out;
            }
        }
        return network.add(Pool.globalAvgPool2dBlock())
                .add(Linear.builder().setUnits(a.classes()).build());
    }

    private static Block residual(int in, int out, boolean bias) {
        Block through = new SequentialBlock()
                .add(conv(out, 3, in == out ? 1 : 2, 1, bias))
                .add(norm())
                .add(Activation.reluBlock())
                .add(conv(out, 3, 1, 1, bias))
                .add(norm());
        Block around = in == out
                ? new LambdaBlock(x -> x, "identity")
                : new LambdaBlock(x -> subsample(x, in, out), "subsample");
        return new ParallelBlock(DjlNetwork::addAndRelu, List.of(through, around));
    }

    private static NDList addAndRelu(List<NDList> both) {
        NDArray sum = both.get(0).singletonOrThrow().add(both.get(1).singletonOrThrow());
        return new NDList(Activation.relu(sum));
    }

    /** Shortcut A: every second pixel, and zeros for the new channels, half before and half behind. */
    private static NDList subsample(NDList x, int in, int out) {
        int before = (out - in) / 2;
        NDArray small = x.singletonOrThrow().get(new NDIndex(":, :, ::2, ::2"));
        return new NDList(small.pad(new Shape(0, 0, 0, 0, before, out - in - before), 0));
    }

    private static Block conv(int filters, int kernel, int stride, int padding, boolean bias) {
        return Conv2d.builder()
                .setFilters(filters)
                .setKernelShape(new Shape(kernel, kernel))
                .optStride(new Shape(stride, stride))
                .optPadding(new Shape(padding, padding))
                .optBias(bias)
                .build();
    }

    /** DJL's momentum is the share of the old statistics: 0.9 is PyTorch's 0.1. */
    private static Block norm() {
        return BatchNorm.builder().optEpsilon(1e-5f).optMomentum(0.9f).build();
    }
}
