package dev.residual.formats.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.residual.ResidualException;
import dev.residual.formats.importing.Importer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files made to do harm. Each is refused in one sentence that says why, and without much memory. */
class HostileFileTest {
    /** Bytes allocated at most: the limits on pickles allow some tens of MB, whatever the file claims. */
    private static final long MEMORY = 200L << 20;

    private static final long HUGE = 1L << 60;

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @MethodSource({"pickles", "tensors", "archives", "legacyFiles", "safetensors"})
    void isRefused(String name, byte[] bytes, String sentence) throws IOException {
        Path file = Files.write(
                folder.resolve("hostile" + (name.startsWith("safetensors") ? ".safetensors" : ".pth")), bytes);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        assertThatThrownBy(() -> Importer.read(file, Optional.empty(), Optional.empty()))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(sentence)
                .message()
                .hasSizeLessThan(600)
                .doesNotContain("\n");
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MEMORY);
    }

    private static Arguments file(String name, byte[] bytes, String sentence) {
        return Arguments.of(name, bytes, sentence);
    }

    /** The same pickle in both layouts. */
    private static Stream<Arguments> pickle(String name, TorchBytes pickle, String sentence) {
        byte[] bytes = pickle.bytes();
        return Stream.of(
                file(name + ", zip", TorchBytes.zip(bytes, new byte[24]), sentence),
                file(name + ", legacy", TorchBytes.legacy(bytes, new String[0], 0, new byte[0]), sentence));
    }

    private static TorchBytes start() {
        return TorchBytes.pickle();
    }

    private static Stream<Arguments> pickles() {
        Stream<Arguments> names = Stream.of(
                        "os system",
                        "posix system",
                        "nt system",
                        "subprocess Popen",
                        "builtins eval",
                        "__builtin__ set",
                        "builtins ValueError",
                        "exceptions Exception",
                        "datetime datetime",
                        "decimal Decimal",
                        "array array",
                        "copy_reg _reconstructor",
                        "operator attrgetter",
                        "_codecs encode",
                        "pytz timezone",
                        "torch load",
                        "torch._utils os.system",
                        "torch.nn.modules.container Sequential")
                .flatMap(name -> {
                    String module = name.split(" ")[0];
                    String attribute = name.split(" ")[1];
                    return pickle(
                            name,
                            start().global(module, attribute)
                                    .raw("(")
                                    .text("echo hacked")
                                    .raw("tR."),
                            "names '" + module + "." + attribute + "'");
                });
        return Stream.of(
                        names,
                        pickle(
                                "os.system by STACK_GLOBAL",
                                start().text("os")
                                        .text("system")
                                        .op(0x93)
                                        .text("ls")
                                        .op(0x85)
                                        .raw("R."),
                                "names 'os.system'"),
                        pickle(
                                "os.system by INST",
                                start().raw("(").text("ls").raw("ios\nsystem\n."),
                                "names 'os.system'"),
                        pickle(
                                "OrderedDict by NEWOBJ",
                                start().global("collections", "OrderedDict")
                                        .raw(")")
                                        .op(0x81)
                                        .raw("."),
                                "operation 0x81"),
                        pickle(
                                "a name of a megabyte",
                                start().global("a".repeat(1 << 20), "b\u0007\u001b")
                                        .raw("."),
                                "names 'aaaa"),
                        pickle("a call of a number", start().number(1).raw(")R."), "makes no sense at byte"),
                        pickle(
                                "a call of a storage's class",
                                start().global("torch", "FloatStorage").raw(")R."),
                                "no sense"),
                        pickle("state of a number", start().number(1).raw("}b."), "no dictionary"),
                        pickle("nothing on the stack", start().raw("."), "no sense"),
                        pickle(
                                "a text of 2 GB",
                                start().raw("X").op(0xff, 0xff, 0xff, 0x7f),
                                "text of 2147483647 bytes"),
                        pickle(
                                "a text of 4 GB",
                                start().raw("X").op(0xff, 0xff, 0xff, 0xff),
                                "text of 4294967295 bytes"),
                        pickle("bytes of 2^62", start().op(0x8e, 0, 0, 0, 0, 0, 0, 0, 0x40), "operation 0x8e"),
                        pickle("a long of 2 GB", start().op(0x8b, 0xff, 0xff, 0xff, 0x7f), "operation 0x8b"),
                        pickle("a million lists, one in the other", start().repeat(1_000_000, "]"), "nests deeper"),
                        pickle("a million marks", start().repeat(1_000_000, "("), "nests deeper"),
                        pickle(
                                "tuples in tuples",
                                start().raw(")").repeat(2_000_000, "\u0085"),
                                "more than the 1048576 operations"),
                        pickle("a flood of the memo", memoFlood(), "more than the"),
                        pickle(
                                "a list in itself, as a key",
                                start().raw("]q")
                                        .op(0)
                                        .raw("h")
                                        .op(0)
                                        .raw("a}h")
                                        .op(0)
                                        .raw("Ns."),
                                "neither a text nor a number"),
                        pickle(
                                "a key twice",
                                start().raw("}(").text("a").raw("N").text("a").raw("Nu."),
                                "'a' twice"),
                        pickle("no pair", start().raw("}(").text("a").raw("u."), "no sense"),
                        pickle("copies of a dictionary", dictionaryCopies(), "more than the"),
                        pickle("copies of a list of pairs", listCopies(), "more than the"),
                        pickle("a number", start().number(1).raw("."), "holds no dictionary"),
                        pickle("an empty dictionary", start().raw("}."), "holds no tensors"),
                        pickle(
                                "a dictionary of numbers",
                                start().raw("}").text("a").number(1).raw("s."),
                                "holds no tensors"),
                        pickle(
                                "os.system as the weights",
                                start().raw("}")
                                        .text("fc.weight")
                                        .global("os", "system")
                                        .text("echo hacked")
                                        .op(0x85)
                                        .raw("Rs")
                                        .text("fc.bias")
                                        .tensor("0", 6, 0, dims(6), dims(1))
                                        .raw("s."),
                                "its 'fc.weight' names 'os.system'"),
                        pickle(
                                "a tensor whose numbers are unknown",
                                start().raw("}")
                                        .text("fc.weight")
                                        .global("torch._utils", "_rebuild_tensor_v2")
                                        .raw("(")
                                        .global("os", "system")
                                        .text("ls")
                                        .op(0x85)
                                        .raw("R")
                                        .number(0)
                                        .tuple(6)
                                        .tuple(1)
                                        .op(0x89)
                                        .raw("}tRs")
                                        .text("fc.bias")
                                        .tensor("0", 6, 0, dims(6), dims(1))
                                        .raw("s."),
                                "its 'fc.weight' names 'os.system'"),
                        pickle(
                                "os.system behind everything that makes objects",
                                start().global("os", "system")
                                        .raw(")")
                                        .op(0x81)
                                        .raw("]a}b(")
                                        .text("k")
                                        .raw("NuNa(NNe."),
                                "names 'os.system'"),
                        pickle(
                                "an instance by NEWOBJ_EX",
                                start().global("os", "system")
                                        .raw(")}")
                                        .op(0x92)
                                        .raw("."),
                                "names 'os.system'"),
                        pickle(
                                "an instance by OBJ",
                                start().raw("(")
                                        .global("os", "system")
                                        .text("ls")
                                        .raw("o."),
                                "names 'os.system'"),
                        pickle("a state of an unknown thing", start().raw("N}b."), "no dictionary"),
                        pickle("a set", start().op(0x8f).raw("(N").op(0x90).raw("."), "what was saved has a set"),
                        pickle("items of a number", start().number(1).raw("(NNe."), "no sense"),
                        pickle(
                                "a text of 70,000 bytes as the weights",
                                start().raw("}")
                                        .text("fc.weight")
                                        .text("x".repeat(70_000))
                                        .raw("s")
                                        .text("w")
                                        .tensor("0", 6, 0, dims(6), dims(1))
                                        .raw("s."),
                                "its 'fc.weight' has a text of 70000 bytes"),
                        pickle("checkpoints in checkpoints", nested(), "holds no tensors"),
                        pickle(
                                "something else outside",
                                start().raw("(").text("module").raw("tQ."),
                                "no storage"))
                .flatMap(s -> s);
    }

    /** Twenty dictionaries, each with a thousand times the next: as many ways as no program can walk. */
    private static TorchBytes nested() {
        TorchBytes bytes = start().raw("}q").op(0);
        for (int level = 1; level <= 20; level++) {
            bytes.raw("}(");
            for (int i = 0; i < 1_000; i++) {
                bytes.text("k" + i).raw("h").op(level - 1);
            }
            bytes.raw("uq").op(level);
        }
        return bytes.raw(".");
    }

    private static TorchBytes memoFlood() {
        TorchBytes bytes = start().raw("N");
        for (int i = 0; i < 600_000; i++) {
            bytes.raw("r").op(i & 0xff, i >> 8 & 0xff, i >> 16, 0);
        }
        return bytes;
    }

    private static TorchBytes dictionaryCopies() {
        TorchBytes bytes = start().raw("}(");
        for (int i = 0; i < 5_000; i++) {
            bytes.text("k" + i).raw("N");
        }
        bytes.raw("uq").op(0).global("collections", "OrderedDict").raw("q").op(1);
        return bytes.raw("]").repeat(300_000, "h\u0001h\u0000\u0085Ra").raw(".");
    }

    private static TorchBytes listCopies() {
        TorchBytes bytes = start().raw("](");
        for (int i = 0; i < 5_000; i++) {
            bytes.text("k" + i).raw("N\u0086");
        }
        bytes.raw("eq").op(0).global("collections", "OrderedDict").raw("q").op(1);
        return bytes.raw("]").repeat(300_000, "h\u0001h\u0000\u0085Ra").raw(".");
    }

    private static Stream<Arguments> tensors() {
        return Stream.of(
                tensor("a storage of 2^60 values", HUGE, 0, dims(1), dims(1), HUGE + " values"),
                tensor("a storage of 2^62 values", HUGE << 2, 0, dims(1), dims(1), "values, but the file has only"),
                tensor("a storage of -1 values", -1, 0, dims(1), dims(1), "-1 values"),
                tensor("an offset beyond the end", 6, 6, dims(1), dims(1), "lies outside"),
                tensor("an offset of 2^63-1", 6, Long.MAX_VALUE, dims(2), dims(1), "lies outside"),
                tensor("a negative offset", 6, -1, dims(2), dims(1), "negative"),
                tensor("a size beyond the end", 6, 0, dims(7), dims(1), "lies outside"),
                tensor("a size of 2^60", 6, 0, dims(HUGE), dims(1), "lies outside"),
                tensor(
                        "sizes whose product is 2^64",
                        6,
                        0,
                        dims(1L << 32, 1L << 32),
                        dims(1L << 32, 1),
                        "lies outside"),
                tensor("strides whose product is 2^64", 6, 0, dims(2, 2), dims(1L << 63 >>> 1, 1), "lies outside"),
                tensor("a negative size", 6, 0, dims(-1), dims(1), "negative"),
                tensor("a negative stride", 6, 5, dims(2), dims(-1), "negative"),
                tensor("a stride of 0", 6, 0, dims(1000, 1000), dims(0, 0), "sees a value twice"),
                tensor("overlapping rows", 6, 0, dims(2, 3), dims(2, 1), "sees a value twice"),
                tensor("a stride beyond the end", 6, 0, dims(2), dims(HUGE), "lies outside"),
                tensor("two sizes, one stride", 6, 0, dims(1, 1), dims(1), "not equally many"),
                tensor("nine dimensions", 6, 0, new long[9], new long[9], "at most 8"),
                file(
                        "an offset that is no number",
                        TorchBytes.zip(
                                start().raw("}")
                                        .text("w")
                                        .global("torch._utils", "_rebuild_tensor_v2")
                                        .raw("(")
                                        .storage("0", 6)
                                        .raw("N")
                                        .tuple(1)
                                        .tuple(1)
                                        .raw("tRs.")
                                        .bytes(),
                                new byte[24]),
                        "no sense"),
                file(
                        "thousands of views of one storage",
                        TorchBytes.zip(views(), new byte[400_000]),
                        "share their storages"),
                file(
                        "a storage in two types",
                        TorchBytes.zip(
                                start().raw("}")
                                        .text("w")
                                        .tensor("0", 6, 0, dims(6), dims(1))
                                        .raw("s")
                                        .text("v")
                                        .tensor("0", 5, 0, dims(5), dims(1))
                                        .raw("s.")
                                        .bytes(),
                                new byte[24]),
                        "in two ways"));
    }

    private static Arguments tensor(String name, long count, long offset, long[] size, long[] stride, String sentence) {
        return file(
                name, TorchBytes.zip(TorchBytes.stateDict("0", count, offset, size, stride), new byte[24]), sentence);
    }

    private static long[] dims(long... dims) {
        return dims;
    }

    private static byte[] views() {
        TorchBytes bytes = start().raw("}");
        for (int i = 0; i < 5_000; i++) {
            bytes.text("w" + i).tensor("0", 100_000, 0, dims(100_000), dims(1)).raw("s");
        }
        return bytes.raw(".").bytes();
    }

    private static Stream<Arguments> archives() {
        byte[] pickle = TorchBytes.stateDict("0", 6, 0, dims(6), dims(1));
        byte[] storage = new byte[24];
        Map<String, byte[]> twice = TorchBytes.entries(pickle, storage);
        twice.put("data.pkl#2", start().global("os", "system").raw(".").bytes());
        Map<String, byte[]> script = TorchBytes.entries(pickle, storage);
        script.put("constants.pkl", new byte[1]);
        Map<String, byte[]> big = TorchBytes.entries(pickle, storage);
        big.put("byteorder", "big".getBytes(StandardCharsets.US_ASCII));
        Map<String, byte[]> two = TorchBytes.entries(pickle, storage);
        two.put("y/data.pkl", pickle);
        Map<String, byte[]> many = TorchBytes.entries(pickle, storage);
        for (int i = 0; i < 70_000; i++) {
            many.put("e" + i, new byte[0]);
        }
        byte[] damaged = TorchBytes.zip(pickle, "123456781234567812345678".getBytes(StandardCharsets.US_ASCII));
        damaged[new String(damaged, StandardCharsets.ISO_8859_1).indexOf("12345678")] = '2';
        return Stream.of(
                file(
                        "two entries of the same name",
                        TorchBytes.zip(twice, ZipEntry.STORED),
                        "two entries named 'x/data.pkl'"),
                file(
                        "a zip bomb",
                        TorchBytes.zip(TorchBytes.entries(pickle, new byte[300 << 20]), ZipEntry.DEFLATED),
                        "compressed"),
                file("entries larger than the file", claiming(pickle, 1 << 30), "more bytes than the file"),
                file("a pickle of 9 MB", TorchBytes.zip(new byte[9 << 20], storage), "larger than the 8388608"),
                file("no pickle", TorchBytes.zip(Map.of("data/0", storage), ZipEntry.STORED), "has 0 entries data.pkl"),
                file("two pickles", TorchBytes.zip(two, ZipEntry.STORED), "has 2 entries data.pkl"),
                file("no storage", TorchBytes.zip(pickle), "no entry 'data/0'"),
                file("a short storage", TorchBytes.zip(pickle, new byte[20]), "has 20 bytes, expected 6 values"),
                file("TorchScript", TorchBytes.zip(script, ZipEntry.STORED), "TorchScript"),
                file("big-endian", TorchBytes.zip(big, ZipEntry.STORED), "not little-endian"),
                file("70,000 entries", TorchBytes.zip(many, ZipEntry.STORED), "more than the 65536 entries"),
                file("damaged numbers", damaged, "'x/data/0' is damaged"),
                file(
                        "no zip at all",
                        "PK, but no more".getBytes(StandardCharsets.US_ASCII),
                        "damaged or truncated zip"));
    }

    /** The size of the storage's entry, both times that the central directory tells it. */
    private static byte[] claiming(byte[] pickle, int size) {
        byte[] zip = TorchBytes.zip(pickle, new byte[24]);
        int entry = new String(zip, StandardCharsets.ISO_8859_1).lastIndexOf("PK\001\002");
        byte[] little = TorchBytes.little(4).putInt(size).array();
        System.arraycopy(little, 0, zip, entry + 20, 4);
        System.arraycopy(little, 0, zip, entry + 24, 4);
        return zip;
    }

    private static Stream<Arguments> legacyFiles() {
        byte[] pickle = TorchBytes.stateDict("k", 6, 0, dims(6), dims(1));
        byte[] storage = new byte[24];
        String[] key = {"k"};
        return Stream.of(
                file("another count, legacy", TorchBytes.legacy(pickle, key, 7, storage), "7 values, expected 6"),
                file(
                        "2^60 values, legacy",
                        TorchBytes.legacy(pickle, key, HUGE, storage),
                        HUGE + " values, expected 6"),
                file("a short storage, legacy", TorchBytes.legacy(pickle, key, 6, new byte[23]), "truncated"),
                file("no storages, legacy", TorchBytes.legacy(pickle, new String[0], 6, storage), "'k' is missing"),
                file(
                        "another storage, legacy",
                        TorchBytes.legacy(pickle, new String[] {"x"}, 6, storage),
                        "no tensor uses"),
                file(
                        "a storage twice, legacy",
                        TorchBytes.legacy(pickle, new String[] {"k", "k"}, 6, storage),
                        "there twice"),
                file("big-endian, legacy", TorchBytes.legacyStart(false).bytes(), "not little-endian"),
                file("another pickle", start().number(1).raw(".").bytes(), "not one of torch.save"),
                file("os.system first", start().global("os", "system").raw(".").bytes(), "names 'os.system'"),
                file("text", "this is no such file".getBytes(StandardCharsets.US_ASCII), "neither a file of PyTorch"),
                file("nothing", new byte[0], "neither a file of PyTorch"));
    }

    private static Stream<Arguments> safetensors() {
        Map<String, Long> lengths = new LinkedHashMap<>();
        lengths.put("2^63", Long.MIN_VALUE);
        lengths.put("2^63-1", Long.MAX_VALUE);
        lengths.put("2^32", 1L << 32);
        return lengths.entrySet().stream()
                .map(e -> file(
                        "safetensors, header of " + e.getKey() + " bytes",
                        TorchBytes.little(64)
                                .putLong(e.getValue())
                                .put((byte) '{')
                                .array(),
                        Long.toUnsignedString(e.getValue()) + " bytes"));
    }
}
