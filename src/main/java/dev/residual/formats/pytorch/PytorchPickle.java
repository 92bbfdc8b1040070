package dev.residual.formats.pytorch;

import dev.residual.ResidualException;
import dev.residual.Text;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.razorvine.pickle.IObjectConstructor;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.PickleUtils;
import net.razorvine.pickle.Unpickler;

/**
 * Reads the pickle inside a PyTorch file. A pickle is a program for a small stack machine, which in Python may call any
 * function. This reader knows the few operations and names that tensors and plain containers need; whatever else the
 * pickle names is refused by that name, and nothing is ever called. Tensors come out as {@link StoredTensor}, which says
 * where their numbers are.
 *
 * <p>The library's own constructors (dates, exceptions, arrays …) are out of reach: every operation passes through {@link
 * #dispatch}, and names are looked up in {@link #named} alone.
 */
final class PytorchPickle extends Unpickler {
    /** Three times what a checkpoint of ResNet-1202 with the moments of Adam needs. */
    static final int MAX_BYTES = 8 << 20;

    /** A tensor takes about 45. Also bounds the memory that a pickle of nothing but empty containers takes. */
    static final int MAX_OPERATIONS = 1 << 20;

    /** Values that wait on the stack; Python's pickler writes dictionaries in batches of 1,000 pairs. */
    static final int MAX_STACK = 1 << 14;

    static final int MAX_MEMO = 1 << 19;
    static final int MAX_STRING = 1 << 16;
    static final int MAX_TENSORS = 1 << 16;
    static final int MAX_DIMENSIONS = 8;

    /** PyTorch's classes of storages, and their types as safetensors calls them. */
    private static final Map<String, String> STORAGES = Map.of(
            "torch.FloatStorage", "F32",
            "torch.DoubleStorage", "F64",
            "torch.HalfStorage", "F16",
            "torch.BFloat16Storage", "BF16",
            "torch.LongStorage", "I64",
            "torch.IntStorage", "I32",
            "torch.ShortStorage", "I16",
            "torch.CharStorage", "I8",
            "torch.ByteStorage", "U8",
            "torch.BoolStorage", "BOOL");

    /** A file's first bytes; several pickles may follow one another in it. */
    static final class Bytes extends ByteArrayInputStream {
        Bytes(byte[] bytes) {
            super(bytes);
        }

        int position() {
            return pos;
        }
    }

    private record StorageClass(String dtype) {}

    private final String what;
    private final long fileSize;
    private final Map<String, Storage> storages = new TreeMap<>();
    private int operations;
    private int tensors;

    /**
     * @param what the file and the place in it, to begin an error's sentence with
     * @param fileSize bytes; no storage can be larger
     */
    PytorchPickle(String what, long fileSize) {
        this.what = what;
        this.fileSize = fileSize;
    }

    /**
     * Reads one pickle.
     *
     * @return a null, Boolean, Integer, Long, Double or String, an {@code Object[]} for a tuple, a List, a Map in the order
     *     of the pickle, or a {@link StoredTensor}
     * @throws ResidualException when it is damaged, too large, or names what is not allowed
     */
    Object read(Bytes bytes) {
        try {
            return load(bytes);
        } catch (ResidualException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // the library throws what comes: casts, indices, its own
            throw new ResidualException(
                    what + " is not a valid pickle: it breaks off or makes no sense at byte " + bytes.position(), e);
        }
    }

    /** What the tensors' numbers are in, by key. */
    Map<String, Storage> storages() {
        return storages;
    }

    @Override
    protected Object dispatch(short operation) throws IOException {
        countOperation();
        require(stack.size() <= MAX_STACK, "nests deeper than the " + MAX_STACK + " values kept at most");
        require(memo.size() <= MAX_MEMO, "remembers more than the " + MAX_MEMO + " values kept at most");
        switch (operation) {
            case Opcodes.GLOBAL -> stack.add(named(PickleUtils.readline(input), PickleUtils.readline(input)));
            case Opcodes.STACK_GLOBAL -> {
                String name = (String) stack.pop();
                stack.add(named((String) stack.pop(), name));
            }
            case Opcodes.INST -> {
                named(PickleUtils.readline(input), PickleUtils.readline(input));
                throw notAllowed(operation);
            }
            case Opcodes.EMPTY_DICT -> stack.add(new LinkedHashMap<>());
            case Opcodes.SETITEM -> {
                Object value = stack.pop();
                put(stack.pop(), value);
            }
            case Opcodes.SETITEMS -> {
                List<Object> items = stack.pop_all_since_marker();
                for (int i = 0; i < items.size(); i += 2) {
                    put(items.get(i), items.get(i + 1));
                }
            }
            case Opcodes.BUILD -> {
                // An OrderedDict's attributes: PyTorch keeps versions of its modules there.
                stack.pop();
                require(stack.peek() instanceof Map, "sets the state of something that is no dictionary");
            }
            case Opcodes.BINUNICODE, Opcodes.BINSTRING -> stack.add(text(length(4)));
            case Opcodes.SHORT_BINUNICODE, Opcodes.SHORT_BINSTRING -> stack.add(text(length(1)));
            case Opcodes.LONG1 -> stack.add(whole(bytes(length(1))));
            case Opcodes.MARK,
                    Opcodes.STOP,
                    Opcodes.NONE,
                    Opcodes.NEWTRUE,
                    Opcodes.NEWFALSE,
                    Opcodes.BININT,
                    Opcodes.BININT1,
                    Opcodes.BININT2,
                    Opcodes.BINFLOAT,
                    Opcodes.EMPTY_TUPLE,
                    Opcodes.TUPLE1,
                    Opcodes.TUPLE2,
                    Opcodes.TUPLE3,
                    Opcodes.TUPLE,
                    Opcodes.EMPTY_LIST,
                    Opcodes.APPEND,
                    Opcodes.APPENDS,
                    Opcodes.REDUCE,
                    Opcodes.BINPERSID,
                    Opcodes.BINGET,
                    Opcodes.LONG_BINGET,
                    Opcodes.BINPUT,
                    Opcodes.LONG_BINPUT,
                    Opcodes.MEMOIZE,
                    Opcodes.PROTO,
                    Opcodes.FRAME -> {
                return super.dispatch(operation);
            }
            default -> throw notAllowed(operation);
        }
        return NO_RETURN_VALUE;
    }

    private void countOperation() {
        require(++operations <= MAX_OPERATIONS, "has more than the " + MAX_OPERATIONS + " operations read at most");
    }

    /** The allow-list. */
    private Object named(String module, String name) {
        String full = module + "." + name;
        if (STORAGES.containsKey(full)) {
            return new StorageClass(STORAGES.get(full));
        }
        IObjectConstructor constructor =
                switch (full) {
                    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> this::tensor;
                    case "torch._utils._rebuild_parameter", "torch.nn.parameter.Parameter" ->
                        arguments -> (StoredTensor) arguments[0];
                    case "collections.OrderedDict", "collections.Counter" -> this::dictionary;
                    case "torch.Size" -> arguments -> (Object[]) arguments[0];
                    default ->
                        throw new ResidualException(
                                what + " names '" + Text.printable(full)
                                        + "', which is neither a tensor nor a plain container: nothing was run; expected a state_dict");
                };
        return constructor;
    }

    /** {@code storage, offset, size, stride}, and more that is about training. */
    private StoredTensor tensor(Object[] arguments) {
        require(++tensors <= MAX_TENSORS, "has more than the " + MAX_TENSORS + " tensors read at most");
        long[] shape = numbers((Object[]) arguments[2]);
        long[] stride = numbers((Object[]) arguments[3]);
        require(
                shape.length == stride.length && shape.length <= MAX_DIMENSIONS,
                "has a tensor whose "
                        + shape.length + " sizes and " + stride.length + " strides are not equally many and at most "
                        + MAX_DIMENSIONS);
        StoredTensor tensor =
                new StoredTensor((Storage) arguments[0], ((Number) arguments[1]).longValue(), shape, stride);
        String wrong = tensor.problem();
        require(wrong == null, "has a tensor that " + wrong);
        return tensor;
    }

    private static long[] numbers(Object[] values) {
        long[] numbers = new long[values.length];
        for (int i = 0; i < values.length; i++) {
            numbers[i] = ((Number) values[i]).longValue();
        }
        return numbers;
    }

    /** Empty, of a dictionary, or, from Python 2, of a list of pairs. */
    private Map<Object, Object> dictionary(Object[] arguments) {
        if (arguments.length > 0 && arguments[0] instanceof Map<?, ?>) {
            @SuppressWarnings("unchecked")
            Map<Object, Object> same = (Map<Object, Object>) arguments[0];
            return same; // not a copy: a pickle could ask for any number of them
        }
        Map<Object, Object> dictionary = new LinkedHashMap<>();
        if (arguments.length > 0) {
            for (Object pair : (List<?>) arguments[0]) {
                List<?> items = pair instanceof Object[] tuple ? Arrays.asList(tuple) : (List<?>) pair;
                put(dictionary, items.get(0), items.get(1));
            }
        }
        return dictionary;
    }

    private void put(Object key, Object value) {
        @SuppressWarnings("unchecked")
        Map<Object, Object> dictionary = (Map<Object, Object>) stack.peek();
        put(dictionary, key, value);
    }

    private void put(Map<Object, Object> dictionary, Object key, Object value) {
        countOperation();
        // Hashing a container would walk it, however deep it is, and even in a circle.
        require(
                key instanceof String || key instanceof Number || key instanceof Boolean,
                "has a dictionary whose key is neither a text nor a number");
        if (dictionary.containsKey(key)) {
            throw new ResidualException(
                    what + " has the key '" + Text.printable(key.toString()) + "' twice in one dictionary");
        }
        dictionary.put(key, value);
    }

    /** {@code ("storage", class, key, device, count)}, and in the legacy layout {@code (key, offset, count)} of a part. */
    @Override
    protected Object persistentLoad(Object id) {
        Object[] parts = (Object[]) id;
        require("storage".equals(parts[0]), "refers to something outside that is no storage");
        String key = (String) parts[2];
        Storage storage = new Storage(key, ((StorageClass) parts[1]).dtype(), 0, ((Number) parts[4]).longValue());
        require(
                storage.count() >= 0 && storage.count() <= fileSize / storage.width(),
                "has a storage '" + Text.printable(key) + "' of " + storage.count() + " values, but the file has only "
                        + fileSize + " bytes");
        Storage before = storages.putIfAbsent(key, storage);
        require(
                before == null || before.equals(storage),
                "describes its storage '" + Text.printable(key) + "' in two ways");
        if (parts.length < 6 || parts[5] == null) {
            return storage;
        }
        Object[] view = (Object[]) parts[5];
        long offset = ((Number) view[1]).longValue();
        long count = ((Number) view[2]).longValue();
        require(
                offset >= 0 && count >= 0 && offset <= storage.count() - count,
                "has a view that lies outside its storage '" + Text.printable(key) + "'");
        return new Storage(key, storage.dtype(), offset, count);
    }

    private int length(int bytes) throws IOException {
        byte[] littleEndian = bytes(bytes);
        int length = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            length = length << 8 | littleEndian[i] & 0xff;
        }
        require(
                length >= 0 && length <= MAX_STRING,
                "has a text of " + Integer.toUnsignedString(length) + " bytes, at most " + MAX_STRING + " are read");
        return length;
    }

    private String text(int length) throws IOException {
        return new String(bytes(length), StandardCharsets.UTF_8);
    }

    private byte[] bytes(int length) throws IOException {
        return PickleUtils.readbytes(input, length);
    }

    /** A whole number; PyTorch's magic number is the only one that does not fit into a long. */
    private static Number whole(byte[] littleEndian) {
        byte[] bigEndian = new byte[littleEndian.length + 1];
        for (int i = 0; i < littleEndian.length; i++) {
            bigEndian[bigEndian.length - 1 - i] = littleEndian[i];
        }
        bigEndian[0] = (byte) (littleEndian.length > 0 && littleEndian[littleEndian.length - 1] < 0 ? -1 : 0);
        BigInteger number = new BigInteger(bigEndian);
        return number.bitLength() < Long.SIZE ? number.longValue() : (Number) number;
    }

    private ResidualException notAllowed(short operation) {
        return new ResidualException(what + " has the operation 0x" + Integer.toHexString(operation) + " at byte "
                + (((Bytes) input).position() - 1) + ", which no state_dict needs");
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ResidualException(what + " " + otherwise);
        }
    }
}
