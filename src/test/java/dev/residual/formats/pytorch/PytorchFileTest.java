package dev.residual.formats.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

/** Files of PyTorch: whole, cut and damaged. */
class PytorchFileTest {
    private static final byte[] SIX_VALUES = floats(1, 2, 3, 4, 5, 6);

    private Path file;

    @BeforeProperty
    void makeFile() throws IOException {
        file = Files.createTempFile("test", ".pth");
    }

    @AfterProperty
    void deleteFile() throws IOException {
        Files.delete(file);
    }

    private static byte[] floats(float... values) {
        ByteBuffer bytes = TorchBytes.little(4 * values.length);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    private PytorchFile read(byte[] bytes) {
        try {
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return PytorchFile.read(file, Optional.empty());
    }

    private static byte[] zip() {
        return TorchBytes.zip(TorchBytes.stateDict("0", 6, 0, new long[] {2, 3}, new long[] {3, 1}), SIX_VALUES);
    }

    private static byte[] legacy() {
        byte[] pickle = TorchBytes.stateDict("k", 6, 0, new long[] {2, 3}, new long[] {3, 1});
        return TorchBytes.legacy(pickle, new String[] {"k"}, 6, SIX_VALUES);
    }

    private static Map<String, NamedTensor> fixture(String name) {
        return PytorchFile.read(Fixtures.file(name), Optional.empty()).tensors();
    }

    /** The same network in every layout, wrapping and order of memory has the same numbers to the bit. */
    @Example
    void everyWayToSaveGivesTheSameNumbers() {
        Map<String, NamedTensor> expected = fixture("plain-a.pth");
        assertThat(expected).hasSize(44).containsKey("layer3.0.bn2.num_batches_tracked");
        Map<String, String> prefixes = Map.of(
                "legacy.th", "module.",
                "legacy-bare.pth", "",
                "wrapped-net.pth", "_orig_mod.module.",
                "wrapped-model.pth", "",
                "wrapped-parameters.pth", "",
                "protocol4.pth", "",
                "views.pth", "",
                "views-legacy.pth", "");
        prefixes.forEach((name, prefix) -> {
            Map<String, NamedTensor> tensors = fixture(name);
            expected.forEach((key, tensor) -> {
                NamedTensor other = tensors.get(prefix + key);
                if (tensor.isFloat()) {
                    assertThat(other.dtype()).isEqualTo("F32");
                    assertThat(other.shape()).isEqualTo(tensor.shape());
                    assertThat(other.data()).as(name + " " + key).isEqualTo(tensor.data());
                }
            });
        });
    }

    @Example
    void otherTypesOfNumbers() {
        Map<String, NamedTensor> expected = fixture("plain-a.pth");
        Map<String, Double> precision = Map.of("float64", 0.0, "float16", 0x1p-11, "bfloat16", 0x1p-8);
        precision.forEach((type, error) -> {
            for (String name : new String[] {type + ".pth", type + "-legacy.pth"}) {
                fixture(name).forEach((key, tensor) -> {
                    if (tensor.isFloat()) {
                        float[] exact = expected.get(key).floats();
                        float[] values = tensor.floats();
                        assertThat(values).hasSameSizeAs(exact);
                        for (int i = 0; i < exact.length; i++) {
                            assertThat(Math.abs(values[i] - exact[i]))
                                    .isLessThanOrEqualTo((float) (error * Math.abs(exact[i]) + error * 0x1p-14));
                        }
                    }
                });
            }
        });
        assertThat(fixture("bfloat16.pth").get("fc.bias").dtype()).isEqualTo("BF16");
    }

    @Example
    void halfPrecisionAtItsEdges() {
        short[] bits = {0x3c00, 0x0001, 0x03ff, 0x0400, 0x7bff, (short) 0xfc00, 0x7e00, (short) 0xc000};
        ByteBuffer bytes = TorchBytes.little(2 * bits.length);
        bytes.asShortBuffer().put(bits);
        NamedTensor tensor = new NamedTensor("F16", new long[] {bits.length}, bytes.array());
        assertThat(tensor.floats())
                .containsExactly(1, 0x1p-24f, 1023 * 0x1p-24f, 0x1p-14f, 65504, Float.NEGATIVE_INFINITY, Float.NaN, -2);
        NamedTensor zero = new NamedTensor("F16", new long[] {1}, new byte[] {0, (byte) 0x80});
        assertThat(Float.floatToRawIntBits(zero.floats()[0])).isEqualTo(0x80000000);
    }

    /** A view's values are where its strides say: any order of the dimensions, some left out by steps of two. */
    @Property(tries = 300)
    void viewsAreReadByTheirStrides(@ForAll @Size(min = 1, max = 4) int[] sizes, @ForAll long seed) {
        Random random = new Random(seed);
        int dimensions = sizes.length;
        long[] shape =
                Arrays.stream(sizes).mapToLong(s -> Math.floorMod(s, 4) + 1).toArray();
        long[] stride = new long[dimensions];
        long step = 1 + random.nextInt(2);
        for (int d : random.ints(0, dimensions).distinct().limit(dimensions).toArray()) {
            stride[d] = step;
            step *= shape[d];
        }
        int offset = random.nextInt(3);
        int count = offset + (int) step;
        byte[] storage = new byte[4 * count];
        random.nextBytes(storage);
        NamedTensor tensor = read(TorchBytes.zip(TorchBytes.stateDict("0", count, offset, shape, stride), storage))
                .tensors()
                .get("weight");
        long n = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        assertThat(tensor.data()).hasSize((int) (4 * n));
        for (int i = 0; i < n; i++) {
            long at = offset;
            long rest = i;
            for (int d = dimensions - 1; d >= 0; d--) {
                at += rest % shape[d] * stride[d];
                rest /= shape[d];
            }
            assertThat(Arrays.copyOfRange(tensor.data(), 4 * i, 4 * i + 4))
                    .isEqualTo(Arrays.copyOfRange(storage, (int) (4 * at), (int) (4 * at) + 4));
        }
    }

    @Example
    void theSampleIsReadInBothLayouts() {
        for (byte[] bytes : new byte[][] {zip(), legacy()}) {
            NamedTensor tensor = read(bytes).tensors().get("weight");
            assertThat(tensor.shape()).containsExactly(2, 3);
            assertThat(tensor.floats()).containsExactly(1, 2, 3, 4, 5, 6);
        }
    }

    /** A part of a storage, as the legacy layout has it: {@code (key, offset, count)} behind the persistent id. */
    @Example
    void legacyViewsOfStorages() {
        byte[] pickle = TorchBytes.pickle()
                .raw("}")
                .text("weight")
                .global("torch._utils", "_rebuild_tensor")
                .raw("((")
                .text("storage")
                .global("torch", "FloatStorage")
                .text("k")
                .text("cpu")
                .number(6)
                .raw("(")
                .text("part")
                .number(2)
                .number(3)
                .raw("ttQ")
                .number(1)
                .tuple(2)
                .tuple(1)
                .raw("tRs.")
                .bytes();
        byte[] bytes = TorchBytes.legacy(pickle, new String[] {"k"}, 6, SIX_VALUES);
        assertThat(read(bytes).tensors().get("weight").floats()).containsExactly(4, 5);
    }

    /** {@code _rebuild_from_type_v2(function, class, arguments, attributes)}: of a tensor itself, and of a subclass. */
    @Example
    void tensorsWithAttributes() {
        for (String type : new String[] {"Tensor", "Quantity"}) {
            byte[] pickle = TorchBytes.pickle()
                    .raw("}")
                    .text("weight")
                    .global("torch._tensor", "_rebuild_from_type_v2")
                    .raw("(")
                    .global("torch._utils", "_rebuild_tensor_v2")
                    .global("torch", type)
                    .raw("(")
                    .storage("0", 6)
                    .number(0)
                    .tuple(6)
                    .tuple(1)
                    .op(0x89)
                    .raw("}t}tRs.")
                    .bytes();
            byte[] file = TorchBytes.zip(pickle, SIX_VALUES);
            if (type.equals("Tensor")) {
                assertThat(read(file).tensors().get("weight").floats()).containsExactly(1, 2, 3, 4, 5, 6);
            } else {
                assertThatThrownBy(() -> read(file)).hasMessageContaining("names 'torch.Quantity'");
            }
        }
    }

    /** Cut anywhere, it is refused, and the sentence names the file. */
    @Example
    void cutAnywhereItIsRefused() {
        for (byte[] bytes : new byte[][] {zip(), legacy()}) {
            for (int cut = 0; cut < bytes.length; cut++) {
                byte[] part = Arrays.copyOf(bytes, cut);
                assertThatThrownBy(() -> read(part))
                        .as("cut at " + cut + " of " + bytes.length)
                        .isInstanceOf(ResidualException.class)
                        .hasMessageContaining(file.toString());
            }
        }
    }

    /** Cut files of PyTorch's own. */
    @Property(tries = 300)
    void cutFixturesAreRefused(@ForAll @IntRange(max = 1_000_000) int cut) throws IOException {
        for (String name : new String[] {"plain-a.pth", "legacy.th"}) {
            byte[] bytes = Files.readAllBytes(Fixtures.file(name));
            assertThatThrownBy(() -> read(Arrays.copyOf(bytes, cut % bytes.length)))
                    .isInstanceOf(ResidualException.class)
                    .hasMessageContaining(file.toString());
        }
    }

    /** Any bytes changed: either it is still a valid file, or it is refused; nothing else ever happens. */
    @Property(tries = 3000)
    void damagedFilesAreReadOrRefused(@ForAll long seed, @ForAll @IntRange(min = 1, max = 3) int changes) {
        Random random = new Random(seed);
        byte[] bytes = random.nextBoolean() ? zip() : legacy();
        for (int i = 0; i < changes; i++) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        try {
            read(bytes)
                    .tensors()
                    .values()
                    .forEach(t -> assertThat(t.data().length).isLessThan(1000));
        } catch (ResidualException e) {
            assertThat(e).hasMessageContaining(file.toString());
        }
    }

    @Property(tries = 200)
    void randomBytesAreRefused(@ForAll @Size(max = 200) byte[] bytes, @ForAll boolean zip) {
        byte[] start = zip ? new byte[] {'P', 'K', 3, 4} : new byte[] {(byte) 0x80, 2};
        byte[] all = Arrays.copyOf(start, start.length + bytes.length);
        System.arraycopy(bytes, 0, all, start.length, bytes.length);
        assertThatThrownBy(() -> read(all)).isInstanceOf(ResidualException.class);
    }
}
