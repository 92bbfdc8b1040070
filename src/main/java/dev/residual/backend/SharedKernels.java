package dev.residual.backend;

import dev.residual.graph.Operation;
import dev.residual.graph.Operation.Add;
import dev.residual.graph.Operation.GlobalAveragePool;
import dev.residual.graph.Operation.Linear;
import dev.residual.graph.Operation.Relu;
import dev.residual.graph.Operation.StochasticDepth;
import dev.residual.graph.Operation.Subsample;
import dev.residual.graph.Shape;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Operations that libtorch computes well in any layout. */
final class SharedKernels {
    private SharedKernels() {}

    static Kernel of(Operation operation, Shape input, Layout layout, SideTasks tasks) {
        if (operation instanceof Relu) {
            return new ReluKernel(layout, input);
        }
        if (operation instanceof Add) {
            return new AddKernel(layout, input);
        }
        if (operation instanceof StochasticDepth depth) {
            return new StochasticDepthKernel(layout, input, depth.survival());
        }
        if (operation instanceof Subsample subsample) {
            return new SubsampleKernel(layout, subsample, input);
        }
        if (operation instanceof GlobalAveragePool) {
            return new PoolKernel(layout, input);
        }
        if (operation instanceof Linear) {
            return new LinearKernel(tasks);
        }
        throw new IllegalArgumentException("no kernel for " + operation);
    }

    private record ReluKernel(Layout layout, Shape shape) implements Kernel {
        @Override
        public Tensor forward(List<Tensor> inputs, Pass pass) {
            Tensor x = inputs.get(0);
            Tensor y = Layout.relu(
                    pass.mayOverwrite(0) ? x : layout.allocateLike(x, shape).copy_(x));
            pass.save(y);
            return y;
        }

        @Override
        public List<Tensor> backward(Tensor gradient, Pass pass) {
            Tensor out = pass.ownsGradient() ? gradient : layout.allocateLike(gradient, shape);
            return List.of(Layout.reluBackward(out, gradient, pass.saved().get(0)));
        }
    }

    private record AddKernel(Layout layout, Shape shape) implements Kernel {
        @Override
        public Tensor forward(List<Tensor> inputs, Pass pass) {
            for (int i = 0; i < 2; i++) {
                if (pass.mayOverwrite(i)) {
                    return inputs.get(i).add_(inputs.get(1 - i));
                }
            }
            Tensor sum = layout.allocateLike(inputs.get(0), shape);
            return torch.add_out(sum, inputs.get(0), inputs.get(1));
        }

        @Override
        public List<Tensor> backward(Tensor gradient, Pass pass) {
            return List.of(gradient, gradient);
        }
    }

    /** Stochastic depth in inference: multiplies by the survival probability. A training step's graph has none. */
    private record StochasticDepthKernel(Layout layout, Shape shape, double survival) implements Kernel {
        @Override
        public Tensor forward(List<Tensor> inputs, Pass pass) {
            Tensor x = inputs.get(0);
            Tensor y = pass.mayOverwrite(0) ? x : layout.allocateLike(x, shape).copy_(x);
            return y.mul_(new Scalar(survival));
        }

        @Override
        public List<Tensor> backward(Tensor gradient, Pass pass) {
            throw new IllegalStateException("stochastic depth is no part of a training step's graph");
        }
    }

    private record SubsampleKernel(Layout layout, Subsample operation, Shape input) implements Kernel {
        @Override
        public Tensor forward(List<Tensor> inputs, Pass pass) {
            Tensor y = layout.allocateLike(inputs.get(0), operation.output(List.of(input)));
            Tensor blocks = layout.blocks(y);
            if (blocks.size(1) * blocks.size(4) != operation.in()) { // new channels, or some that fill a block up
                y.zero_();
            }
            Layout.copyChannels(blocks, operation.zerosBefore(), pixels(inputs.get(0)), 0, operation.in());
            return y;
        }

        @Override
        public List<Tensor> backward(Tensor gradient, Pass pass) {
            Tensor x = layout.allocateLike(gradient, input).zero_();
            Layout.copyChannels(pixels(x), 0, layout.blocks(gradient), operation.zerosBefore(), operation.in());
            return List.of(x);
        }

        private Tensor pixels(Tensor x) {
            Tensor blocks = layout.blocks(x);
            return operation.stride() == 2 ? Layout.everySecondPixel(blocks) : blocks;
        }
    }

    /** To N×C float32, whatever the layout of what comes in. */
    private record PoolKernel(Layout layout, Shape shape) implements Kernel {
        @Override
        public Tensor forward(List<Tensor> inputs, Pass pass) {
            Tensor means = layout.blocks(inputs.get(0)).mean(2, 3).flatten(1, 2);
            pass.save(inputs.get(0)); // for its type
            return means.narrow(1, 0, shape.channels()).to(ScalarType.Float);
        }

        @Override
        public List<Tensor> backward(Tensor gradient, Pass pass) {
            Tensor x = layout.allocateLike(pass.saved().get(0), shape);
            Tensor blocks = layout.blocks(x);
            // Each pixel of a map has the same share in its mean.
            Tensor share = gradient.div(new Scalar((long) shape.height() * shape.width()));
            long padding = blocks.size(1) * blocks.size(4) - shape.channels();
            Tensor padded = padding == 0 ? share : torch.constant_pad_nd(share, new long[] {0, padding});
            blocks.copy_(padded.view(blocks.size(0), blocks.size(1), 1, 1, blocks.size(4))
                    .expand_as(blocks));
            return List.of(x);
        }
    }

    /** Sums over images, features and classes may be split among threads, so their number must be fixed. */
    private record LinearKernel(SideTasks tasks) implements Kernel {
        @Override
        public Tensor forward(List<Tensor> inputs, Pass pass) {
            pass.save(inputs.get(0));
            return tasks.withFixedThreads(() ->
                    torch.linear(inputs.get(0), pass.parameter("weight"), new TensorOptional(pass.parameter("bias"))));
        }

        @Override
        public List<Tensor> backward(Tensor gradient, Pass pass) {
            return tasks.withFixedThreads(() -> {
                pass.gradient("weight").copy_(gradient.t().matmul(pass.saved().get(0)));
                pass.gradient("bias").copy_(gradient.sum(0));
                return List.of(gradient.matmul(pass.parameter("weight")));
            });
        }
    }
}
