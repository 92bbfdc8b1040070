package dev.residual.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
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
    /** Maps on their way, N×channels×height×width, channels-last; or, 1 high and wide, N×channels. */
    public record Maps(Value value, int channels, int height, int width) {}

    /** All there are, however many. */
    private static final long END = Long.MAX_VALUE;

    private final Tensor images;
    private final Graph graph = new Graph();
    private final Value input;
    private final List<IValue> constants = new ArrayList<>();
    private final Map<List<Long>, Value> lists = new HashMap<>();
    private final Value zero;
    private final Value count;

    ScriptWriter(Tensor images) {
        this.images = images;
        input = graph.addInput("images");
        zero = constant(0);
        count = call("aten::size", input, zero).setType(zero.type());
    }

    /** What the script is played with. */
    Maps input() {
        return new Maps(input, (int) images.size(1), (int) images.size(2), (int) images.size(3));
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
    public Maps conv(Maps x, Tensor weights, Tensor biases, int stride, int padding) {
        Value value = call(
                "aten::conv2d",
                x.value,
                constant(weights.to(type())),
                constant(biases.to(type())),
                list(stride, stride),
                list(padding, padding),
                list(1, 1),
                constant(1));
        return new Maps(
                value,
                (int) weights.size(0),
                sizeAfter(x.height, weights.size(2), stride, padding),
                sizeAfter(x.width, weights.size(3), stride, padding));
    }

    /** A map's height or width after a convolution. */
    static int sizeAfter(int size, long kernel, int stride, int padding) {
        return (size + 2 * padding - (int) kernel) / stride + 1;
    }

    /** max(0, ·) of the convolution. */
    public Maps convRelu(Maps x, Tensor weights, Tensor biases, int stride, int padding) {
        return FusedConvolution.put(this, x, Optional.empty(), weights, biases, stride, padding);
    }

    /**
     * max(0, other + the convolution).
     *
     * @param other overwritten
     */
    public Maps convAddRelu(Maps x, Maps other, Tensor weights, Tensor biases, int stride, int padding) {
        return FusedConvolution.put(this, x, Optional.of(other), weights, biases, stride, padding);
    }

    /** Every second pixel of every second row. */
    public Maps everySecondPixel(Maps x) {
        Value rows = call("aten::slice", x.value, constant(2), zero, constant(END), constant(2));
        Value pixels = call("aten::slice", rows, constant(3), zero, constant(END), constant(2));
        return new Maps(pixels, x.channels, (x.height + 1) / 2, (x.width + 1) / 2);
    }

    /** More maps, full of zeros. */
    public Maps addZeros(Maps x, int before, int behind) {
        Value padded = call(
                "aten::constant_pad_nd",
                x.value,
                list(0, 0, 0, 0, before, behind),
                constant(new IValue(new Scalar(0.0))));
        Value dense = call("aten::contiguous", padded, constant(MemoryFormat.ChannelsLast.value));
        return new Maps(dense, before + x.channels + behind, x.height, x.width);
    }

    /** Global average pooling, N×channels float32. */
    public Maps pool(Maps x) {
        Value mean = call("aten::mean", x.value, list(2, 3), constant(new IValue(false)), none());
        Value same = constant(new IValue(false));
        Value floats = call("aten::to", mean, constant(ScalarType.Float.value), same, same, none());
        return new Maps(floats, x.channels, 1, 1);
    }

    /** Fully connected: N×O of N×channels. */
    public Maps linear(Maps x, Tensor weights, Tensor biases) {
        Value value = call("aten::linear", x.value, constant(weights), constant(biases));
        return new Maps(value, (int) weights.size(0), 1, 1);
    }

    private ScalarType type() {
        return images.scalar_type();
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

    /** Made once for all operations that want the same. */
    Value list(long... values) {
        return lists.computeIfAbsent(
                LongStream.of(values).boxed().toList(),
                list -> list(LongStream.of(values).mapToObj(this::constant).toArray(Value[]::new)));
    }

    /** The same memory, channels-last, with other numbers of channels and columns. */
    Value view(Value maps, long channels, long height, long width) {
        return call(
                "aten::as_strided",
                maps,
                lists.computeIfAbsent(
                        List.of(channels, height, width),
                        size -> list(count, constant(channels), constant(height), constant(width))),
                list(channels * height * width, 1, width * channels, channels),
                none());
    }

    private Value list(Value... values) {
        return graph.insertNode(graph.createList(zero.type(), new ValueVector(values)))
                .output();
    }

    GraphExecutor finish(Maps output) {
        graph.registerOutput(output.value);
        int simple = torch.ExecutorExecutionMode.SIMPLE.value; // the other mode takes 50 ms for its first run
        return new GraphExecutor(graph, "network", simple);
    }

    /** What the script is played with too, behind the images. */
    List<IValue> constants() {
        return constants;
    }
}
