package dev.residual.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.AtomicFile;
import dev.residual.ResidualException;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

class SafetensorsTest {
    private Path file;

    @BeforeProperty
    void makeFile() throws IOException {
        file = Files.createTempFile("test", ".safetensors");
    }

    @AfterProperty
    void deleteFile() throws IOException {
        Files.delete(file);
    }

    private static byte[] bytes(Safetensors content) {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            content.write(out);
            return out.toByteArray();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Safetensors read(byte[] bytes) {
        try {
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return Safetensors.read(file);
    }

    private static Safetensors sample() {
        Map<String, NamedTensor> tensors = new LinkedHashMap<>();
        tensors.put("conv1.weight", NamedTensor.of(new float[] {1, -2, 3.5f, 0, 5, 6}, 2, 3));
        tensors.put("scalar", NamedTensor.of(new float[] {Float.NaN}));
        tensors.put("nothing", NamedTensor.of(new float[0], 0, 7));
        return new Safetensors(Map.of("format", "pt", "title", "Größe \"1\"\n"), tensors);
    }

    private static byte[] withHeader(String json, int dataBytes) {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        ByteBuffer buffer = ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        return buffer.putLong(text.length).put(text).array();
    }

    @Property(tries = 50)
    void whatIsWrittenIsReadBackToTheBit(
            @ForAll @Size(max = 5) List<@IntRange(max = 40) Integer> sizes, @ForAll long seed) {
        Random random = new Random(seed);
        Map<String, NamedTensor> tensors = new LinkedHashMap<>();
        for (int i = 0; i < sizes.size(); i++) {
            byte[] data = new byte[sizes.get(i) * 4];
            random.nextBytes(data);
            tensors.put("t" + i, new NamedTensor("F32", new long[] {sizes.get(i)}, data));
        }
        Safetensors content = new Safetensors(Map.of("seed", Long.toString(seed)), tensors);
        Safetensors back = read(bytes(content));
        assertThat(back.metadata()).isEqualTo(content.metadata());
        assertThat(back.tensors().keySet()).containsExactlyElementsOf(tensors.keySet());
        tensors.forEach((name, tensor) -> {
            assertThat(back.tensors().get(name).data()).isEqualTo(tensor.data());
            assertThat(back.tensors().get(name).shape()).isEqualTo(tensor.shape());
        });
        assertThat(bytes(back)).isEqualTo(bytes(content));
    }

    @Example
    void dataStartAtAMultipleOfEight() {
        byte[] bytes = bytes(sample());
        assertThat(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong() % 8)
                .isZero();
        assertThat(read(bytes).tensors().get("conv1.weight").floats()).containsExactly(1, -2, 3.5f, 0, 5, 6);
        assertThat(read(bytes).metadata()).containsEntry("title", "Größe \"1\"\n");
    }

    /** Cut anywhere, it is refused, and the sentence names the file. */
    @Property(tries = 200)
    void truncatedFilesAreRefused(@ForAll @IntRange(max = 10_000) int cut) {
        byte[] bytes = bytes(sample());
        assertThatThrownBy(() -> read(Arrays.copyOf(bytes, cut % bytes.length)))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(file.toString());
    }

    /** Any byte changed: either it is still a valid file, or it is refused; nothing else ever happens. */
    @Property(tries = 1000)
    void damagedFilesAreReadOrRefused(@ForAll int position, @ForAll byte value) {
        byte[] bytes = bytes(sample());
        bytes[Math.floorMod(position, bytes.length)] = value;
        try {
            read(bytes).tensors().values().forEach(t -> assertThat(t.data()).hasSizeLessThanOrEqualTo(bytes.length));
        } catch (ResidualException e) {
            assertThat(e).hasMessageContaining(file.toString());
        }
    }

    @Property(tries = 200)
    void randomBytesAreRefused(@ForAll @Size(max = 200) byte[] bytes) {
        assertThatThrownBy(() -> read(bytes)).isInstanceOf(ResidualException.class);
    }

    @Example
    void hostileHeadersAreRefusedBeforeMemoryIsTaken() {
        String entry = "{\"t\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":%s}}";
        Map<String, String> hostile = new LinkedHashMap<>();
        hostile.put(entry.formatted("[1152921504606846976]", "[0,4611686018427387904]"), "larger than");
        hostile.put(entry.formatted("[4294967296,4294967296,4]", "[0,0]"), "larger than");
        hostile.put(entry.formatted("[-1]", "[0,4]"), "larger than");
        hostile.put(entry.formatted("[1]", "[4,8]"), "starts at byte 4");
        hostile.put(entry.formatted("[1]", "[-4,0]"), "lies at bytes");
        hostile.put(entry.formatted("[2]", "[0,4]"), "takes 8");
        hostile.put(entry.formatted("[1.5]", "[0,4]"), "no whole number");
        hostile.put(entry.formatted("[1,1,1,1,1,1,1,1,1]", "[0,4]"), "at most 8 dimensions");
        hostile.put(entry.formatted("\"1\"", "[0,4]"), "no shape");
        hostile.put(entry.formatted("[1]", "[0]"), "data_offsets");
        hostile.put(entry.formatted("[1]", "[0,4]").replace("F32", "F33"), "unknown type");
        hostile.put(
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                        + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                "starts at byte 0");
        hostile.put(
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                "uplicate");
        hostile.put("{\"__metadata__\":{\"a\":1}}", "not a text");
        hostile.put("{\"__metadata__\":[]}", "not a JSON object");
        hostile.put("[1,2]", "not a JSON object");
        hostile.put("{\"a\":", "not valid JSON");
        hostile.forEach((header, sentence) -> assertThatThrownBy(() -> read(withHeader(header, 4)))
                .as(header)
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(sentence));
    }

    @Example
    void anAbsurdHeaderLengthIsRefused() {
        for (long length : new long[] {Long.MAX_VALUE, -1, 0, 1, 1L << 40, Safetensors.MAX_HEADER + 1L}) {
            byte[] bytes = ByteBuffer.allocate(64)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(length)
                    .array();
            assertThatThrownBy(() -> read(bytes))
                    .isInstanceOf(ResidualException.class)
                    .hasMessageContaining("header");
        }
    }

    /** ResNet-56 with widths 128 to 512 has 434 MB of Adam's memory; 256 MiB were the limit once. */
    @Example
    void largeFilesOfOursCanBeRead() {
        byte[] large = new byte[(256 << 20) + 4];
        large[large.length - 1] = 7;
        Safetensors content = new Safetensors(
                Map.of(), Map.of("x", new Safetensors.NamedTensor("F32", new long[] {large.length / 4}, large)));
        AtomicFile.write(file, content::write);
        assertThat(Safetensors.read(file).tensors().get("x").data()).isEqualTo(large);
    }
}
