package dev.residual.weights;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.residual.data.Normalization;
import dev.residual.model.BatchNorm2d;
import dev.residual.model.Conv2d;
import dev.residual.model.FoldedConvolution;
import dev.residual.model.Head;
import dev.residual.model.Module;
import dev.residual.model.ResNet;
import dev.residual.model.ResidualBlock;
import dev.residual.model.Shortcut;
import dev.residual.weights.Safetensors.NamedTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * A network as the nodes of an ONNX graph, in evaluation mode. Nodes and what they put out are named after the network's
 * layers. Each method adds nodes behind a named value, and returns the name of what comes out.
 */
final class OnnxGraph {
    static final String INPUT = "images";
    static final String OUTPUT = "logits";

    /** The name of the first dimension, which may be of any size. */
    private static final String BATCH = "N";

    private final Map<String, NamedTensor> tensors;
    private final boolean fold;
    private final GraphProto.Builder graph = GraphProto.newBuilder();
    private final Set<String> initializers = new LinkedHashSet<>();

    /**
     * @param tensors the network's numbers
     * @param fold whether BN becomes part of the convolution before it
     */
    OnnxGraph(Map<String, NamedTensor> tensors, boolean fold) {
        this.tensors = tensors;
        this.fold = fold;
    }

    /**
     * The whole graph: images N×3×32×32 to logits N×classes.
     *
     * @param normalization to begin with; nothing when the images come normalised
     */
    GraphProto of(ResNet network, Normalization normalization) {
        graph.setName(network.architecture().name());
        graph.addInput(value(INPUT, 3, 32, 32));
        graph.addOutput(value(OUTPUT, network.architecture().classes()));
        String x = normalization == null ? INPUT : normalize(normalization);
        x = relu("relu", convolve(network.conv1(), network.bn1(), 1, x));
        for (Module module : network.body()) {
            x = module instanceof ResidualBlock block
                    ? block(block, x)
                    : convolve((Conv2d) module, null, 1, x); // the article's, between stages
        }
        head(network.fc(), x);
        return graph.build();
    }

    /** (x - mean) / std, with x from 0 to 1. */
    private String normalize(Normalization n) {
        boolean perPixel = n.mean().length > n.std().length;
        String mean = initializer("mean", n.mean(), 1, 3, perPixel ? 32 : 1, perPixel ? 32 : 1);
        String centred = node("Sub", "centred", INPUT, mean);
        return node("Div", "normalized", centred, initializer("std", n.std(), 1, 3, 1, 1));
    }

    private String block(ResidualBlock block, String x) {
        String name = block.conv1().name().replaceFirst("\\.conv1$", "");
        String f = relu(name + ".relu1", convolve(block.conv1(), block.bn1(), 1, x));
        f = convolve(block.conv2(), block.bn2(), 1, f);
        String around = around(block.shortcut(), x);
        return relu(name + ".relu2", around == null ? f : node("Add", name + ".add", f, around));
    }

    /** What is added to a block's layers; nothing in a plain network. */
    private String around(Shortcut shortcut, String x) {
        if (shortcut instanceof Shortcut.Identity) {
            return x;
        }
        if (shortcut instanceof Shortcut.Subsample s) {
            return subsample(s, x);
        }
        if (shortcut instanceof Shortcut.Projection p) {
            return convolve(p.conv(), p.bn(), p.halve() ? 2 : 1, x);
        }
        return null;
    }

    private String subsample(Shortcut.Subsample s, String x) {
        String small = node(
                "Slice",
                s.name() + ".slice",
                x,
                initializer("slice.starts", 0, 0),
                initializer("slice.ends", Long.MAX_VALUE, Long.MAX_VALUE), // as far as the maps go
                initializer("slice.axes", 2, 3),
                initializer("slice.steps", 2, 2));
        int before = s.zerosBefore();
        return node(
                "Pad",
                s.name(),
                small,
                initializer(s.name() + ".pads", 0, before, 0, 0, 0, s.out() - s.in() - before, 0, 0));
    }

    private String relu(String name, String x) {
        return node("Relu", name, x);
    }

    /**
     * A convolution and the BN behind it.
     *
     * @param bn may be missing
     * @param stride on top of the convolution's own
     */
    private String convolve(Conv2d conv, BatchNorm2d bn, int stride, String x) {
        String weight = conv.name() + ".weight";
        String bias = conv.name() + ".bias";
        float[] weights = floats(weight);
        float[] biases = conv.bias() ? floats(bias) : null;
        if (fold && bn != null) {
            FoldedConvolution folded = FoldedConvolution.of(weights, biases, bn, this::floats);
            weights = folded.weights();
            biases = folded.biases();
        }
        initializer(weight, weights, conv.out(), conv.in(), conv.kernel(), conv.kernel());
        NodeProto.Builder node = NodeProto.newBuilder()
                .setOpType("Conv")
                .setName(conv.name())
                .addInput(x)
                .addInput(weight)
                .addOutput(conv.name())
                .addAttribute(ints("kernel_shape", conv.kernel(), conv.kernel()))
                .addAttribute(ints("strides", (long) stride * conv.stride(), (long) stride * conv.stride()))
                .addAttribute(ints("pads", conv.padding(), conv.padding(), conv.padding(), conv.padding()));
        if (biases != null) {
            node.addInput(initializer(bias, biases, conv.out()));
        }
        graph.addNode(node);
        return fold || bn == null ? conv.name() : normalize(bn, conv.name());
    }

    private String normalize(BatchNorm2d bn, String x) {
        NodeProto.Builder node = NodeProto.newBuilder()
                .setOpType("BatchNormalization")
                .setName(bn.name())
                .addInput(x)
                .addOutput(bn.name())
                .addAttribute(AttributeProto.newBuilder()
                        .setName("epsilon")
                        .setType(AttributeProto.AttributeType.FLOAT)
                        .setF((float) BatchNorm2d.EPSILON));
        for (String part : List.of(".weight", ".bias", ".running_mean", ".running_var")) {
            node.addInput(initializer(bn.name() + part, floats(bn.name() + part), bn.channels()));
        }
        graph.addNode(node);
        return bn.name();
    }

    private void head(Head fc, String x) {
        String flat = node("Flatten", "flat", node("GlobalAveragePool", "pool", x)); // N×C×1×1 → N×C
        graph.addNode(NodeProto.newBuilder()
                .setOpType("Gemm")
                .setName(fc.name())
                .addInput(flat)
                .addInput(initializer(fc.name() + ".weight", floats(fc.name() + ".weight"), fc.out(), fc.in()))
                .addInput(initializer(fc.name() + ".bias", floats(fc.name() + ".bias"), fc.out()))
                .addOutput(OUTPUT)
                .addAttribute(AttributeProto.newBuilder()
                        .setName("transB")
                        .setType(AttributeProto.AttributeType.INT)
                        .setI(1)));
    }

    private float[] floats(String name) {
        return tensors.get(name).floats();
    }

    private String node(String operator, String name, String... inputs) {
        graph.addNode(NodeProto.newBuilder()
                .setOpType(operator)
                .setName(name)
                .addAllInput(Arrays.asList(inputs))
                .addOutput(name));
        return name;
    }

    private String initializer(String name, float[] values, long... shape) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return initializer(name, TensorProto.DataType.FLOAT, bytes, shape);
    }

    /** Whole numbers, such as an operator takes for its axes; one name stands for the same numbers each time. */
    private String initializer(String name, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return initializer(name, TensorProto.DataType.INT64, bytes, values.length);
    }

    private String initializer(String name, TensorProto.DataType type, ByteBuffer bytes, long... shape) {
        if (initializers.add(name)) {
            graph.addInitializer(TensorProto.newBuilder()
                    .setName(name)
                    .setDataType(type.getNumber())
                    .addAllDims(LongStream.of(shape).boxed().toList())
                    .setRawData(ByteString.copyFrom(bytes.array())));
        }
        return name;
    }

    private static AttributeProto ints(String name, long... values) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INTS)
                .addAllInts(LongStream.of(values).boxed().toList())
                .build();
    }

    /** A float32 input or output of the graph: its first dimension is the batch's. */
    private static ValueInfoProto value(String name, long... dimensions) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder()
                .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam(BATCH));
        for (long d : dimensions) {
            shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(d));
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(TensorProto.DataType.FLOAT.getNumber())
                                .setShape(shape)))
                .build();
    }
}
