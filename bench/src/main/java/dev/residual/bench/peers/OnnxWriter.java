package dev.residual.bench.peers;

import com.google.protobuf.CodedOutputStream;
import dev.residual.model.Architecture;
import dev.residual.model.Architecture.ShortcutKind;
import dev.residual.weights.ModelFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The network as an ONNX file (opset 17), layer by layer, nothing folded: that is the runtime's work. Stands in for an
 * exporter of the product. The numbers of fields are those of onnx.proto.
 */
final class OnnxWriter {
    private static final int FLOAT = 1;
    private static final int INT64 = 7;

    private final ModelFile model;
    private final ByteArrayOutputStream graph = new ByteArrayOutputStream();
    private int names;

    private OnnxWriter(ModelFile model) {
        this.model = model;
    }

    /** What fills a protobuf message. */
    private interface Content {
        void write(CodedOutputStream out) throws IOException;
    }

    static void write(ModelFile model, Path file) {
        try {
            Files.write(file, new OnnxWriter(model).model());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] model() {
        network();
        append(11, valueInfo("images", 3, 32, 32)); // GraphProto.input
        append(12, valueInfo("logits", model.card().architecture().classes()));
        return message(out -> {
            out.writeInt64(1, 8); // ir_version
            out.writeByteArray(8, message(opset -> opset.writeInt64(2, 17)));
            out.writeByteArray(7, message(g -> {
                g.writeString(2, "residual");
                g.writeRawBytes(graph.toByteArray());
            }));
        });
    }

    private void network() {
        Architecture a = model.card().architecture();
        model.tensors().forEach((name, tensor) -> append(5, tensor(name, FLOAT, tensor.shape(), tensor.data())));
        String x = relu(norm("bn1", conv("conv1", "images", 1, 1)));
        int in = a.widths().get(0);
        for (int stage = 1; stage <= 3; stage++) {
            int out = a.widths().get(stage - 1);
            if (in != out && a.shortcut() == ShortcutKind.ARTICLE) {
                x = conv("layer" + stage + ".pool", x, 2, 0);
                in = out;
            }
            for (int i = 0; i < a.n(); i++) {
                String block = "layer" + stage + "." + i;
                String f = relu(norm(block + ".bn1", conv(block + ".conv1", x, in == out ? 1 : 2, 1)));
                f = norm(block + ".bn2", conv(block + ".conv2", f, 1, 1));
                x = relu(node("Add", List.of(f, in == out ? x : subsample(x, in, out))));
                in = out;
            }
        }
        x = node("Flatten", List.of(node("GlobalAveragePool", List.of(x))));
        append(1, nodeBytes("Gemm", List.of(x, "fc.weight", "fc.bias"), "logits", integer("transB", 1)));
    }

    private String conv(String name, String x, int stride, int padding) {
        List<String> inputs = model.tensors().containsKey(name + ".bias")
                ? List.of(x, name + ".weight", name + ".bias")
                : List.of(x, name + ".weight");
        return node(
                "Conv",
                inputs,
                integers("strides", stride, stride),
                integers("pads", padding, padding, padding, padding));
    }

    private String norm(String name, String x) {
        return node(
                "BatchNormalization",
                List.of(x, name + ".weight", name + ".bias", name + ".running_mean", name + ".running_var"),
                real("epsilon", 1e-5f));
    }

    private String relu(String x) {
        return node("Relu", List.of(x));
    }

    private String subsample(String x, int in, int out) {
        int before = (out - in) / 2;
        String small = node(
                "Slice",
                List.of(
                        x,
                        constant(0, 0),
                        constant(Integer.MAX_VALUE, Integer.MAX_VALUE),
                        constant(2, 3),
                        constant(2, 2)));
        return node("Pad", List.of(small, constant(0, before, 0, 0, 0, out - in - before, 0, 0)));
    }

    /** @return the name of the one output */
    private String node(String operator, List<String> inputs, byte[]... attributes) {
        String output = operator + names++;
        append(1, nodeBytes(operator, inputs, output, attributes));
        return output;
    }

    private static byte[] nodeBytes(String operator, List<String> inputs, String output, byte[]... attributes) {
        return message(out -> {
            for (String input : inputs) {
                out.writeString(1, input);
            }
            out.writeString(2, output);
            out.writeString(4, operator);
            for (byte[] attribute : attributes) {
                out.writeByteArray(5, attribute);
            }
        });
    }

    private static byte[] real(String name, float value) {
        return message(out -> {
            out.writeString(1, name);
            out.writeFloat(2, value);
            out.writeEnum(20, 1);
        });
    }

    private static byte[] integer(String name, long value) {
        return message(out -> {
            out.writeString(1, name);
            out.writeInt64(3, value);
            out.writeEnum(20, 2);
        });
    }

    private static byte[] integers(String name, long... values) {
        return message(out -> {
            out.writeString(1, name);
            for (long value : values) {
                out.writeInt64(8, value);
            }
            out.writeEnum(20, 7);
        });
    }

    private String constant(long... values) {
        String name = "constant" + names++;
        byte[] data = new byte[values.length * Long.BYTES];
        ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(values);
        append(5, tensor(name, INT64, new long[] {values.length}, data));
        return name;
    }

    private static byte[] tensor(String name, int type, long[] shape, byte[] data) {
        return message(out -> {
            for (long size : shape) {
                out.writeInt64(1, size);
            }
            out.writeInt32(2, type);
            out.writeString(8, name);
            out.writeByteArray(9, data);
        });
    }

    /** A float tensor whose first dimension is the batch's. */
    private static byte[] valueInfo(String name, long... shape) {
        byte[] dimensions = message(out -> {
            out.writeByteArray(1, message(n -> n.writeString(2, "batch")));
            for (long size : shape) {
                out.writeByteArray(1, message(n -> n.writeInt64(1, size)));
            }
        });
        byte[] type = message(out -> {
            out.writeInt32(1, FLOAT);
            out.writeByteArray(2, dimensions);
        });
        return message(out -> {
            out.writeString(1, name);
            out.writeByteArray(2, message(t -> t.writeByteArray(1, type)));
        });
    }

    private void append(int field, byte[] content) {
        graph.writeBytes(message(out -> out.writeByteArray(field, content)));
    }

    private static byte[] message(Content content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            content.write(out);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
