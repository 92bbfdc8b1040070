package dev.residual.formats.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.residual.data.Normalization;
import dev.residual.graph.Folding;
import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import dev.residual.graph.Operation;
import dev.residual.graph.Operation.Add;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Operation.GlobalAveragePool;
import dev.residual.graph.Operation.Linear;
import dev.residual.graph.Operation.Relu;
import dev.residual.graph.Operation.StochasticDepth;
import dev.residual.graph.Operation.Subsample;
import dev.residual.graph.Parameter;
import dev.residual.graph.Shape;
import dev.residual.model.Model;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.LongStream;

/**
 * A network as the nodes of an ONNX graph, for inference. Nodes and their outputs are named after the network's layers.
 */
final class OnnxGraph {
    static final String INPUT = "images";
    static final String OUTPUT = "logits";

    /** The name of the first dimension, which may be of any size. */
    private static final String BATCH = "N";

    private final Function<String, float[]> weights;
    private final GraphProto.Builder graph = GraphProto.newBuilder();
    private final Set<String> initializers = new LinkedHashSet<>();

    private OnnxGraph(Function<String, float[]> weights) {
        this.weights = weights;
    }

    /**
     * Images N×C×H×W to logits N×classes.
     *
     * @param fold whether BN becomes part of the convolution before it
     * @param normalization to begin with; empty when the images come normalised
     */
    static GraphProto of(Model model, boolean fold, Optional<Normalization> normalization) {
        Graph network = model.graph();
        OnnxGraph onnx = new OnnxGraph(model::floats);
        if (fold) {
            Folding folding = Folding.of(network, model::floats);
            network = folding.graph();
            onnx = new OnnxGraph(folding.weights()::get);
        }
        return onnx.of(network, model.card().architecture().name(), normalization);
    }

    private GraphProto of(Graph network, String name, Optional<Normalization> normalization) {
        Shape image = network.input();
        graph.setName(name);
        graph.addInput(value(INPUT, image.channels(), image.height(), image.width()));
        graph.addOutput(value(OUTPUT, network.output().shape().channels()));
        List<String> outputs = new ArrayList<>();
        outputs.add(normalization.map(this::normalize).orElse(INPUT));
        for (Node node : network.nodes().subList(1, network.nodes().size())) {
            List<String> inputs = node.inputs().stream().map(outputs::get).toList();
            boolean computed = network.live().get(node.index());
            boolean last = node.equals(network.output());
            outputs.add(
                    computed
                            ? add(
                                    node.operation(),
                                    inputs,
                                    last ? OUTPUT : node.operation().name())
                            : "");
        }
        return graph.build();
    }

    /** (x - mean) / std, with x from 0 to 1. */
    private String normalize(Normalization n) {
        int side = n.side().orElse(1);
        String mean = initializer("mean", n.mean(), 1, 3, side, side);
        String centred = node("Sub", "centred", INPUT, mean);
        return node("Div", "normalized", centred, initializer("std", n.std(), 1, 3, 1, 1));
    }

    /** @return the name of its output */
    private String add(Operation operation, List<String> inputs, String output) {
        String x = inputs.get(0);
        if (operation instanceof Convolution conv) {
            return layer(
                    "Conv",
                    conv,
                    x,
                    output,
                    ints("kernel_shape", conv.kernel(), conv.kernel()),
                    ints("strides", conv.stride(), conv.stride()),
                    ints("pads", conv.padding(), conv.padding(), conv.padding(), conv.padding()));
        }
        if (operation instanceof BatchNorm bn) {
            AttributeProto epsilon = AttributeProto.newBuilder()
                    .setName("epsilon")
                    .setType(AttributeProto.AttributeType.FLOAT)
                    .setF((float) BatchNorm.EPSILON)
                    .build();
            return layer("BatchNormalization", bn, x, output, epsilon);
        }
        if (operation instanceof Relu) {
            return node("Relu", output, x);
        }
        if (operation instanceof Add) {
            return node("Add", output, x, inputs.get(1));
        }
        if (operation instanceof StochasticDepth depth) {
            return node("Mul", output, x, initializer(output + ".survival", new float[] {(float) depth.survival()}));
        }
        if (operation instanceof Subsample subsample) {
            return subsample(subsample, x);
        }
        if (operation instanceof GlobalAveragePool) {
            return node("Flatten", "flat", node("GlobalAveragePool", output, x)); // N×C×1×1 → N×C
        }
        if (operation instanceof Linear linear) {
            AttributeProto transposed = AttributeProto.newBuilder()
                    .setName("transB")
                    .setType(AttributeProto.AttributeType.INT)
                    .setI(1)
                    .build();
            return layer("Gemm", linear, x, output, transposed);
        }
        throw new IllegalArgumentException("no ONNX node for " + operation);
    }

    private String subsample(Subsample s, String x) {
        String small = x;
        if (s.stride() > 1) {
            small = node(
                    "Slice",
                    s.name() + ".slice",
                    x,
                    initializer("slice.starts", 0, 0),
                    initializer("slice.ends", Long.MAX_VALUE, Long.MAX_VALUE), // to the end
                    initializer("slice.axes", 2, 3),
                    initializer("slice.steps", s.stride(), s.stride()));
        }
        int before = s.zerosBefore();
        return node(
                "Pad",
                s.name(),
                small,
                initializer(s.name() + ".pads", 0, before, 0, 0, 0, s.out() - s.in() - before, 0, 0));
    }

    /** An operation with weights. */
    private String layer(String operator, Operation layer, String x, String output, AttributeProto... attributes) {
        NodeProto.Builder node = NodeProto.newBuilder()
                .setOpType(operator)
                .setName(layer.name())
                .addInput(x)
                .addOutput(output);
        List.of(attributes).forEach(node::addAttribute);
        layer.parameters().forEach(p -> node.addInput(initializer(p)));
        graph.addNode(node);
        return output;
    }

    private String node(String operator, String name, String... inputs) {
        graph.addNode(NodeProto.newBuilder()
                .setOpType(operator)
                .setName(name)
                .addAllInput(Arrays.asList(inputs))
                .addOutput(name));
        return name;
    }

    private String initializer(Parameter p) {
        return initializer(p.name(), weights.apply(p.name()), p.sizes());
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
