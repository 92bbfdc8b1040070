package dev.residual.formats.safetensors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.residual.Heap;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.Text;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.commons.compress.utils.SeekableInMemoryByteChannel;

/**
 * The safetensors format: eight bytes with the length of a JSON header, the header, then the tensors' bytes, each found
 * by its offsets in the header. Everything is little-endian.
 *
 * <p>Reading believes nothing: every size is checked against the file before memory is taken for it.
 *
 * @param metadata free text by key
 * @param tensors by name, in the order of the file
 */
public record Safetensors(Map<String, String> metadata, Map<String, NamedTensor> tensors) {
    /** The deepest network allowed, with shortcuts C, biases, Adam and an average, needs 4 MiB. */
    static final int MAX_HEADER = 16 << 20;

    /** The largest file that is read; no run is started whose checkpoints would be larger. */
    public static final long MAX_FILE = 1L << 30;

    private static final int MAX_DIMENSIONS = 8;

    /**
     * @param dtype of the format: {@code F32}, {@code I64} …
     * @param data little-endian, row-major
     */
    public record NamedTensor(String dtype, long[] shape, byte[] data) {
        public static NamedTensor of(float[] values, long... shape) {
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            return new NamedTensor("F32", shape, bytes.array());
        }

        /** Whether its values are floating-point numbers. */
        public boolean isFloat() {
            return dtype.equals("F32") || dtype.equals("F64") || dtype.equals("F16") || dtype.equals("BF16");
        }

        /** The values of a floating-point tensor, F64's rounded to the nearest; the others fit exactly. */
        public float[] floats() {
            if (!isFloat()) {
                throw new IllegalStateException("a tensor of type " + dtype + ", not of floating-point numbers");
            }
            ByteBuffer bytes = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
            float[] values = new float[data.length / width(dtype)];
            if (dtype.equals("F32")) {
                bytes.asFloatBuffer().get(values); // keeps even the bits of a NaN
                return values;
            }
            for (int i = 0; i < values.length; i++) {
                values[i] = switch (dtype) {
                    case "F64" -> (float) bytes.getDouble();
                    case "F16" -> half(bytes.getShort());
                    default -> Float.intBitsToFloat(bytes.getShort() << 16);
                };
            }
            return values;
        }

        /** How many values of a floating-point tensor are NaN or infinite. */
        public long notFinite() {
            long count = 0;
            for (float value : floats()) {
                count += Float.isFinite(value) ? 0 : 1;
            }
            return count;
        }

        /** IEEE 754's binary16: a sign, 5 bits of exponent with bias 15, 10 bits of fraction. */
        private static float half(short bits) {
            int exponent = bits >> 10 & 0x1f;
            int fraction = bits & 0x3ff;
            float magnitude =
                    switch (exponent) {
                        case 0 -> fraction * 0x1p-24f;
                        case 0x1f -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
                        default -> Math.scalb(1 + fraction * 0x1p-10f, exponent - 15);
                    };
            return bits < 0 ? -magnitude : magnitude;
        }
    }

    /** Writes the file's bytes; the same content gives the same bytes. */
    public void write(OutputStream out) throws IOException {
        ObjectNode header = Json.object();
        ObjectNode meta = header.putObject("__metadata__");
        metadata.forEach(meta::put);
        long offset = 0;
        for (Map.Entry<String, NamedTensor> entry : tensors.entrySet()) {
            NamedTensor tensor = entry.getValue();
            ObjectNode node = header.putObject(entry.getKey());
            node.put("dtype", tensor.dtype());
            ArrayNode shape = node.putArray("shape");
            LongStream.of(tensor.shape()).forEach(shape::add);
            node.putArray("data_offsets").add(offset).add(offset + tensor.data().length);
            offset += tensor.data().length;
        }
        byte[] json = Json.compact(header).getBytes(StandardCharsets.UTF_8);
        int padding = -json.length & 7; // the tensors start at a multiple of eight
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.write(length.putLong(json.length + padding).array());
        out.write(json);
        out.write(" ".repeat(padding).getBytes(StandardCharsets.US_ASCII));
        for (NamedTensor tensor : tensors.values()) {
            out.write(tensor.data());
        }
    }

    /** @throws ResidualException when the file cannot be read or is not a whole and valid safetensors file */
    public static Safetensors read(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return new Reader(channel, file.toString()).read();
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    /**
     * The same from a stream, which is read to its end.
     *
     * @param name for error messages
     */
    public static Safetensors read(InputStream in, String name) {
        try {
            long most = Math.min(MAX_FILE, Heap.free(2 * MAX_FILE) / 2); // while it is put together it is held twice
            byte[] bytes = in.readNBytes((int) most + 1);
            ResidualException.require(
                    bytes.length <= most || most == MAX_FILE,
                    name + ": there are more than " + most + " bytes, which Java's heap has no room for: "
                            + Heap.LARGER);
            return new Reader(new SeekableInMemoryByteChannel(bytes), name).read();
        } catch (IOException e) {
            throw new ResidualException("cannot read " + name + ": " + ResidualException.reason(e), e);
        }
    }

    /** Reads one file. */
    private record Reader(SeekableByteChannel channel, String file) {
        Safetensors read() throws IOException {
            long size = channel.size();
            require(size >= Long.BYTES, size + " bytes are too few for a safetensors file");
            require(size <= MAX_FILE, "larger than the " + MAX_FILE + " bytes that are read at most");
            long free = Heap.free(size);
            require(
                    size <= free,
                    "its " + size + " bytes are more than the " + free + " of Java's heap that are free: "
                            + Heap.LARGER);
            long headerLength = bytes(0, Long.BYTES).getLong();
            require(
                    headerLength >= 2 && headerLength <= MAX_HEADER && headerLength <= size - Long.BYTES,
                    "the header is said to have " + Long.toUnsignedString(headerLength) + " bytes, the file has " + size
                            + " and at most " + MAX_HEADER + " are read; not a safetensors file, or a damaged one");
            ByteBuffer json = bytes(Long.BYTES, (int) headerLength);
            JsonNode header = Json.tree(StandardCharsets.UTF_8.decode(json).toString(), file + ": header");
            require(header.isObject(), "the header is not a JSON object");

            long dataStart = Long.BYTES + headerLength;
            Map<String, String> metadata = metadata(header);
            List<Located> located = new ArrayList<>();
            for (Map.Entry<String, JsonNode> field : header.properties()) {
                if (!field.getKey().equals("__metadata__")) {
                    located.add(locate(field.getKey(), field.getValue()));
                }
            }
            requireGapless(located, size - dataStart);
            Map<String, NamedTensor> tensors = new LinkedHashMap<>();
            for (Located t : located) {
                byte[] data =
                        bytes(dataStart + t.begin, (int) (t.end - t.begin)).array();
                tensors.put(t.name, new NamedTensor(t.dtype, t.shape, data));
            }
            return new Safetensors(metadata, tensors);
        }

        private Map<String, String> metadata(JsonNode header) {
            Map<String, String> metadata = new LinkedHashMap<>();
            JsonNode node = header.path("__metadata__");
            require(node.isMissingNode() || node.isObject(), "__metadata__ is not a JSON object");
            for (Map.Entry<String, JsonNode> field : node.properties()) {
                require(
                        field.getValue().isTextual(),
                        "__metadata__ '" + Text.printable(field.getKey()) + "' is not a text");
                metadata.put(field.getKey(), field.getValue().textValue());
            }
            return metadata;
        }

        private Located locate(String name, JsonNode node) {
            String dtype = node.path("dtype").asText();
            int width = width(dtype);
            require(
                    width > 0,
                    "tensor '" + Text.printable(name) + "' has the unknown type '" + Text.printable(dtype) + "'");
            JsonNode dimensions = node.path("shape");
            require(
                    dimensions.isArray() && dimensions.size() <= MAX_DIMENSIONS,
                    "tensor '" + Text.printable(name) + "' has no shape of at most " + MAX_DIMENSIONS + " dimensions");
            long[] shape = new long[dimensions.size()];
            long bytes = width;
            for (int i = 0; i < shape.length; i++) {
                require(
                        isWhole(dimensions.get(i)),
                        "tensor '" + Text.printable(name) + "' has a dimension that is no whole number");
                shape[i] = dimensions.get(i).longValue();
                require(
                        shape[i] >= 0 && shape[i] <= MAX_FILE && bytes * Math.max(1, shape[i]) <= MAX_FILE,
                        "tensor '" + Text.printable(name) + "' is larger than the " + MAX_FILE
                                + " bytes that are read at most");
                bytes *= shape[i];
            }
            JsonNode offsets = node.path("data_offsets");
            require(
                    offsets.isArray() && offsets.size() == 2 && isWhole(offsets.get(0)) && isWhole(offsets.get(1)),
                    "tensor '" + Text.printable(name) + "' has no two data_offsets");
            long begin = offsets.get(0).longValue();
            long end = offsets.get(1).longValue();
            require(
                    begin >= 0 && end >= begin && end - begin == bytes,
                    "tensor '" + Text.printable(name) + "' lies at bytes " + begin + " to " + end
                            + ", but its shape takes " + bytes + " bytes");
            return new Located(name, dtype, shape, begin, end);
        }

        private static boolean isWhole(JsonNode node) {
            return node.isIntegralNumber() && node.canConvertToLong();
        }

        /** The format demands that tensors neither overlap nor leave holes, and that nothing follows the last. */
        private void requireGapless(List<Located> located, long dataSize) {
            List<Located> sorted = new ArrayList<>(located);
            sorted.sort(Comparator.comparingLong(Located::begin).thenComparingLong(Located::end));
            long position = 0;
            for (Located t : sorted) {
                require(
                        t.begin == position,
                        "tensor '" + Text.printable(t.name) + "' starts at byte " + t.begin + " of the data, expected "
                                + position);
                position = t.end;
            }
            require(
                    position == dataSize,
                    "the tensors take " + position + " bytes, but the file holds " + dataSize
                            + (dataSize < position ? ": truncated" : " after its header"));
        }

        private ByteBuffer bytes(long position, int length) throws IOException {
            ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
            channel.position(position);
            while (buffer.hasRemaining()) {
                int read = channel.read(buffer);
                require(read >= 0, "ends at byte " + (position + buffer.position()) + ": truncated while it was read");
            }
            return buffer.flip();
        }

        private void require(boolean condition, String otherwise) {
            if (!condition) {
                throw new ResidualException(file + ": " + otherwise);
            }
        }
    }

    private record Located(String name, String dtype, long[] shape, long begin, long end) {}

    /** Bytes of one value; 0 for a type that is not known. */
    public static int width(String dtype) {
        return switch (dtype) {
            case "F64", "I64", "U64" -> 8;
            case "F32", "I32", "U32" -> 4;
            case "F16", "BF16", "I16", "U16" -> 2;
            case "I8", "U8", "BOOL" -> 1;
            default -> 0;
        };
    }
}
