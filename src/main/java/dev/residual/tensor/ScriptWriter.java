package dev.residual.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.GraphExecutor;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Symbol;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.ValueVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Writes a network's operations down as a {@link Script}, in the order in which they are asked for. */
public final class ScriptWriter {
    /** What an operation gives: N×channels×height×width, channels-last; or, 1 high and wide, N×channels. */
    public record Result(Value value, int channels, int height, int width) {}

    /** All there are, however many. */
    private static final long END = Long.MAX_VALUE;

    private final Tensor images;
    private final Graph graph = new Graph();
    private final Value input;
    private final List<IValue> constants = new ArrayList<>();
    private final Map<List<Long>, Value> sizes = new HashMap<>();
    private final Value zero;
    private final Value count;

    ScriptWriter(Tensor images) {
        this.images = images;
        input = graph.addInput("images");
        zero = constant(0);
        count = call("aten::size", input, zero).setType(zero.type());
    }

    /** What the script is played with. */
    Result input() {
        return new Result(input, (int) images.size(1), (int) images.size(2), (int) images.size(3));
    }

    /** Such as they will come. */
    Tensor images() {
        return images;
    }

    /**
     * The convolution.
     *
     * @param weights O×I×k×k float32
     * @param biases O float32
     */
    public Result conv(Result x, Tensor weights, Tensor biases, int stride, int padding) {
        Value value = call(
                "aten::conv2d",
                x.value,
                constant(Tensors.channelsLast(weights).to(images.scalar_type())),
                constant(biases.to(images.scalar_type())),
                list(stride, stride),
                list(padding, padding),
                list(1, 1),
                constant(1));
        return new Result(
                value,
                (int) weights.size(0),
                sizeAfter(x.height, weights.size(2), stride, padding),
                sizeAfter(x.width, weights.size(3), stride, padding));
    }

    /** A map's height or width after a convolution. */
    public static int sizeAfter(int size, long kernel, int stride, int padding) {
        return (size + 2 * padding - (int) kernel) / stride + 1;
    }

    /** max(0, ·) of the convolution. */
    public Result convRelu(Result x, Tensor weights, Tensor biases, int stride, int padding) {
        return FusedConvolution.write(this, x, Optional.empty(), weights, biases, stride, padding);
    }

    /**
     * max(0, other + the convolution).
     *
     * @param other overwritten
     */
    public Result convAddRelu(Result x, Result other, Tensor weights, Tensor biases, int stride, int padding) {
        return FusedConvolution.write(this, x, Optional.of(other), weights, biases, stride, padding);
    }

    /** Every second pixel of every second row. */
    public Result everySecondPixel(Result x) {
        Value rows = call("aten::slice", x.value, constant(2), zero, constant(END), constant(2));
        Value pixels = call("aten::slice", rows, constant(3), zero, constant(END), constant(2));
        return new Result(pixels, x.channels, (x.height + 1) / 2, (x.width + 1) / 2);
    }

    /** More maps, full of zeros. */
    public Result addZeros(Result x, int before, int behind) {
        Value padded = call(
                "aten::constant_pad_nd",
                x.value,
                list(0, 0, 0, 0, before, behind),
                constant(new IValue(new Scalar(0.0))));
        Value dense = call("aten::contiguous", padded, constant(MemoryFormat.ChannelsLast.value));
        return new Result(dense, before + x.channels + behind, x.height, x.width);
    }

    /** Global average pooling, N×channels float32. */
    public Result pool(Result x) {
        Value no = constant(new IValue(false));
        Value mean = call("aten::mean", x.value, list(2, 3), no, none());
        Value floats = call("aten::to", mean, constant(ScalarType.Float.value), no, no, none());
        return new Result(floats, x.channels, 1, 1);
    }

    /** Fully connected: N×O of N×channels. */
    public Result linear(Result x, Tensor weights, Tensor biases) {
        Value value = call("aten::linear", x.value, constant(weights), constant(biases));
        return new Result(value, (int) weights.size(0), 1, 1);
    }

    /** The operation of this name, such as {@code aten::relu}, in the overload that fits. */
    Value call(String operation, Value... arguments) {
        return graph.insertNode(graph.create(Symbol.fromQualString(operation), new ValueVector(arguments), 1))
                .output();
    }

    Value constant(IValue value) {
        return graph.insertConstant(value);
    }

    Value constant(long value) {
        return constant(new IValue(value));
    }

    Value constant(Tensor value) {
        return constant(new IValue(value));
    }

    /** A constant in oneDNN's own form, which TorchScript takes as an input only: one of {@link #constants}. */
    Value oneDnnConstant(Tensor value) {
        constants.add(new IValue(value));
        return graph.addInput();
    }

    Value none() {
        return constant(new IValue());
    }

    Value list(long... values) {
        GenericList list = new GenericList(zero.type());
        LongStream.of(values).forEach(value -> list.push_back(new IValue(value)));
        return constant(new IValue(list));
    }

    /** The same memory, channels-last, with other numbers of channels and columns. */
    Value view(Value maps, long channels, long height, long width) {
        Value size = sizes.computeIfAbsent(List.of(channels, height, width), this::sizeOfBatch);
        return call(
                "aten::as_strided", maps, size, list(channels * height * width, 1, width * channels, channels), none());
    }

    private Value sizeOfBatch(List<Long> sizeOfImage) {
        ValueVector size = new ValueVector(count);
        sizeOfImage.forEach(n -> size.push_back(constant(n)));
        return graph.insertNode(graph.createList(zero.type(), size)).output();
    }

    GraphExecutor finish(Result output) {
        graph.registerOutput(output.value);
        int simple = torch.ExecutorExecutionMode.SIMPLE.value; // the other mode takes 50 ms for its first run
        return new GraphExecutor(graph, "network", simple);
    }

    /** What the script is played with too, behind the images. */
    List<IValue> constants() {
        return constants;
    }
}
