package dev.residual.backend;

import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Shape;
import dev.residual.tensor.Tensors;
import java.util.List;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A convolution by libtorch.
 *
 * <p>1×1 filters are a product of matrices; with stride 2 they see every second pixel only, and these are taken first.
 * libtorch 2.10's oneDNN divides by zero in some such convolutions with a thousand channels, and in the backward pass of
 * those with stride 2 and fewer than 16 channels it writes beyond its workspace (oneDNN issue 6035): the process dies.
 */
record LibtorchConvolution(Convolution operation, Shape input, Layout layout, SideTasks tasks) implements Kernel {
    private static final long[] DILATION = {1, 1};
    private static final long[] OVER_PIXELS = {0, 2, 3};

    private boolean isProduct() {
        return operation.kernel() == 1;
    }

    private boolean skipsPixels() {
        return isProduct() && operation.stride() == 2;
    }

    /** A row for each pixel: N·H·W×C. */
    private static Tensor rows(Tensor x) {
        return x.permute(0, 2, 3, 1).flatten(0, 2);
    }

    private static Tensor maps(Tensor rows, Tensor like) {
        return rows.view(like.size(0), like.size(2), like.size(3), rows.size(1)).permute(0, 3, 1, 2);
    }

    private long[] strides() {
        return new long[] {operation.stride(), operation.stride()};
    }

    private long[] paddings() {
        return new long[] {operation.padding(), operation.padding()};
    }

    /** Every second pixel, densely. */
    private Tensor pixels(Tensor x) {
        Shape half = new Shape(input.channels(), (input.height() + 1) / 2, (input.width() + 1) / 2);
        Tensor small = layout.allocateLike(x, half);
        layout.blocks(small).copy_(Layout.everySecondPixel(layout.blocks(x)));
        return small;
    }

    @Override
    public Tensor forward(List<Tensor> inputs, Pass pass) {
        Tensor x = skipsPixels() ? pixels(inputs.get(0)) : inputs.get(0);
        Tensor weight = Tensors.channelsLast(pass.parameter("weight").to(x.scalar_type()));
        TensorOptional bias = operation.bias()
                ? new TensorOptional(pass.parameter("bias").to(x.scalar_type()))
                : new TensorOptional();
        pass.save(x, weight);
        Tensor y = isProduct()
                ? maps(tasks.withFixedThreads(() -> torch.linear(rows(x), weight.flatten(1, 3), bias)), x)
                : torch.conv2d(x, weight, bias, strides(), paddings(), DILATION, 1);
        if (operation.epilogue().adds()) {
            y.add_(inputs.get(1));
        }
        return operation.epilogue().rectifies() ? Layout.relu(y) : y;
    }

    @Override
    public List<Tensor> backward(Tensor gradient, Pass pass) {
        Tensor x = pass.saved().get(0);
        Tensor weight = pass.saved().get(1);
        Tensor ofWeight = pass.gradient("weight");
        pass.later(kept -> ofWeight.copy_(weightGradient(kept.get(0), kept.get(1), kept.get(2))), gradient, x, weight);
        if (operation.bias()) {
            pass.gradient("bias")
                    .copy_(tasks.withFixedThreads(
                            () -> gradient.sum(OVER_PIXELS, false, new ScalarTypeOptional(ScalarType.Float))));
        }
        if (!pass.wantsInputGradient()) {
            return List.of();
        }
        Tensor ofX = inputGradient(gradient, x, weight);
        if (!skipsPixels()) {
            return List.of(ofX);
        }
        Tensor spread = layout.allocateLike(x, input).zero_();
        Layout.everySecondPixel(layout.blocks(spread)).copy_(layout.blocks(ofX));
        return List.of(spread);
    }

    private Tensor weightGradient(Tensor gradient, Tensor x, Tensor weight) {
        return isProduct()
                ? rows(gradient).t().matmul(rows(x)).view_as(weight)
                : gradients(gradient, x, weight, false).get1();
    }

    /**
     * In float32 where bfloat16 channels do not fill blocks of 8: there libtorch 2.10's gradient is silently wrong, as
     * is its convolution in plain order (KernelTest).
     */
    private Tensor inputGradient(Tensor gradient, Tensor x, Tensor weight) {
        if (isProduct()) {
            return maps(tasks.withFixedThreads(() -> rows(gradient).matmul(weight.flatten(1, 3))), gradient);
        }
        ScalarType type = x.scalar_type();
        if (type.intern() != ScalarType.BFloat16 || operation.in() % 8 == 0) {
            return gradients(gradient, x, weight, true).get0();
        }
        ScalarType wide = ScalarType.Float;
        return gradients(gradient.to(wide), x.to(wide), weight.to(wide), true)
                .get0()
                .to(type);
    }

    /** @param ofInput whether the input's gradient is wanted, or the filters' */
    private T_TensorTensorTensor_T gradients(Tensor gradient, Tensor x, Tensor weight, boolean ofInput) {
        BoolPointer wanted = new BoolPointer(3).put(0, ofInput).put(1, !ofInput).put(2, false);
        return torch.convolution_backward(
                gradient,
                x,
                weight,
                new LongArrayRefOptional(),
                strides(),
                paddings(),
                DILATION,
                false,
                new long[] {0, 0},
                1,
                wanted);
    }
}
