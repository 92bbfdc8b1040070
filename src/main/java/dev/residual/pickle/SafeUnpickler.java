package dev.residual.pickle;

import dev.residual.ResidualException;
import dev.residual.Text;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.IObjectConstructor;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.PickleUtils;
import net.razorvine.pickle.Unpickler;

/**
 * Reads a pickle without running it. A pickle is a program for a small stack machine, which in Python may call any
 * function. This reader knows the operations that Python's pickler writes, and only the functions and classes that a
 * subclass puts on its list ({@link #named}). Whatever else a pickle names is not called: an {@link Unread} stands for
 * it, and for all that would be made of it.
 *
 * <p>The library's own constructors (dates, exceptions, arrays …) are out of reach: every operation passes through {@link
 * #dispatch}. Byte strings, Python 2's {@code str} among them, come out as texts of one character a byte (Latin-1).
 */
public abstract class SafeUnpickler extends Unpickler {
    /** A tensor takes about 45. Also bounds the memory that a pickle of nothing but empty containers takes. */
    public static final int MAX_OPERATIONS = 1 << 20;

    /** Values that wait on the stack; Python's pickler writes dictionaries in batches of 1,000 pairs. */
    public static final int MAX_STACK = 1 << 14;

    public static final int MAX_MEMO = 1 << 19;

    /** Characters that are kept of a name; no name on a list is longer. */
    private static final int MAX_NAME = 1 << 10;

    private static final Unread SET = new Unread("has a set");

    private final String what;
    private final int maxText;
    private PickleInput source;
    private int operations;

    /**
     * @param what the file and the place in it, to begin an error's sentence with
     * @param maxText bytes of the longest text that is kept; longer ones are skipped
     */
    protected SafeUnpickler(String what, int maxText) {
        this.what = what;
        this.maxText = maxText;
    }

    /**
     * The list: what is put on the stack for a function or class, an {@link IObjectConstructor} where it may be called.
     *
     * @param name with its module, such as {@code collections.OrderedDict}
     * @return null when it is not on the list
     */
    protected abstract Object named(String name);

    /** Gives an object its state; that of a dictionary, its attributes, is of no use here. */
    protected void build(Object value, Object state) {
        require(value instanceof Map || value instanceof Unread, "sets the state of something that is no dictionary");
    }

    /** What lies outside of the pickle. */
    @Override
    protected Object persistentLoad(Object id) {
        return new Unread("refers to something outside of it");
    }

    /**
     * Reads one pickle.
     *
     * @return a null, Boolean, Number or String, an {@code Object[]} for a tuple, a List, a Map in the order of the
     *     pickle, an {@link Unread}, or what the constructors on the list make
     * @throws ResidualException when it is damaged or too large
     */
    public final Object read(PickleInput in) {
        source = in;
        try {
            return load(in);
        } catch (ResidualException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // the library throws what comes: casts, indices, its own
            throw new ResidualException(
                    what + " is not a valid pickle: it breaks off or makes no sense at byte " + in.position(), e);
        }
    }

    @Override
    protected final Object dispatch(short operation) throws IOException {
        countOperation();
        require(stack.size() <= MAX_STACK, "nests deeper than the " + MAX_STACK + " values kept at most");
        require(memo.size() <= MAX_MEMO, "remembers more than the " + MAX_MEMO + " values kept at most");
        switch (operation) {
            case Opcodes.GLOBAL -> stack.add(global(line(), line()));
            case Opcodes.STACK_GLOBAL -> {
                String name = (String) stack.pop();
                stack.add(global((String) stack.pop(), name));
            }
            case Opcodes.REDUCE -> {
                Object arguments = stack.pop();
                stack.add(call(stack.pop(), arguments));
            }
            case Opcodes.NEWOBJ -> {
                stack.pop(); // the arguments
                stack.add(unread(stack.pop(), operation));
            }
            case Opcodes.NEWOBJ_EX -> {
                stack.pop(); // the arguments by name
                stack.pop();
                stack.add(unread(stack.pop(), operation));
            }
            case Opcodes.INST -> {
                Object type = global(line(), line());
                stack.pop_all_since_marker();
                stack.add(unread(type, operation));
            }
            case Opcodes.OBJ -> stack.add(unread(stack.pop_all_since_marker().get(0), operation));
            case Opcodes.BUILD -> {
                Object state = stack.pop();
                build(stack.peek(), state);
            }
            case Opcodes.EMPTY_DICT -> stack.add(new LinkedHashMap<>());
            case Opcodes.SETITEM -> {
                Object value = stack.pop();
                Object key = stack.pop();
                put(stack.peek(), key, value);
            }
            case Opcodes.SETITEMS -> {
                List<Object> items = stack.pop_all_since_marker();
                for (int i = 0; i < items.size(); i += 2) {
                    put(stack.peek(), items.get(i), items.get(i + 1));
                }
            }
            case Opcodes.APPEND -> append(Collections.singletonList(stack.pop()));
            case Opcodes.APPENDS, Opcodes.ADDITEMS -> append(stack.pop_all_since_marker());
            case Opcodes.EMPTY_SET -> stack.add(SET);
            case Opcodes.FROZENSET -> {
                stack.pop_all_since_marker();
                stack.add(SET);
            }
            case Opcodes.BINUNICODE -> stack.add(text(4, StandardCharsets.UTF_8));
            case Opcodes.SHORT_BINUNICODE -> stack.add(text(1, StandardCharsets.UTF_8));
            case Opcodes.BINSTRING, Opcodes.BINBYTES -> stack.add(text(4, StandardCharsets.ISO_8859_1));
            case Opcodes.SHORT_BINSTRING, Opcodes.SHORT_BINBYTES -> stack.add(text(1, StandardCharsets.ISO_8859_1));
            case Opcodes.LONG1 -> stack.add(whole(PickleUtils.readbytes(input, (int) length(1))));
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

    private Object global(String module, String name) {
        String full = module + "." + name;
        Object value = named(full);
        return value == null ? new Unread("names '" + Text.printable(full) + "'") : value;
    }

    /** What is made with something unread is unread for the same reason. */
    private static Object call(Object function, Object arguments) {
        if (function instanceof Unread || arguments instanceof Unread) {
            return function instanceof Unread ? function : arguments;
        }
        for (Object argument : (Object[]) arguments) {
            if (argument instanceof Unread) {
                return argument;
            }
        }
        return ((IObjectConstructor) function).construct((Object[]) arguments);
    }

    /** An instance of an unknown class; those of the list are made in the one way in which Python pickles them. */
    private Unread unread(Object type, short operation) {
        if (type instanceof Unread unread) {
            return unread;
        }
        throw notAllowed(operation);
    }

    @SuppressWarnings("unchecked")
    private void append(List<Object> items) {
        if (!(stack.peek() instanceof Unread)) {
            ((List<Object>) stack.peek()).addAll(items);
        }
    }

    /** An entry whose key is neither a text nor a number is of no use here and left out. */
    @SuppressWarnings("unchecked")
    protected final void put(Object dictionary, Object key, Object value) {
        countOperation();
        if (dictionary instanceof Unread) {
            return;
        }
        // Hashing a container would walk it, however deep it is, and even in a circle; Python does not hash them
        // either.
        require(
                !(key instanceof List || key instanceof Map),
                "has a dictionary whose key is neither a text nor a number");
        if (key instanceof String || key instanceof Number || key instanceof Boolean) {
            Map<Object, Object> map = (Map<Object, Object>) dictionary;
            if (map.containsKey(key)) {
                throw new ResidualException(
                        what + " has the key '" + Text.printable(key.toString()) + "' twice in one dictionary");
            }
            map.put(key, value);
        }
    }

    /** The text of a line; of a longer one than any name on a list, its beginning. */
    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c; (c = input.read()) != '\n'; ) {
            if (c < 0) {
                throw new IOException("the end in the middle of a name");
            }
            if (line.length() < MAX_NAME) {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    /** An unsigned number, little-endian. */
    private long length(int bytes) throws IOException {
        long length = 0;
        for (int i = 0; i < bytes; i++) {
            length |= (PickleUtils.readbyte(input) & 0xffL) << 8 * i;
        }
        return length;
    }

    private Object text(int bytes, Charset charset) throws IOException {
        long length = length(bytes);
        require(length <= source.left(), "has a text of " + length + " bytes, but " + source.left() + " follow");
        if (length <= maxText) {
            return new String(PickleUtils.readbytes(input, (int) length), charset);
        }
        input.skipNBytes(length);
        return new Unread("has a text of " + length + " bytes, at most " + maxText + " are read");
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
                + (source.position() - 1) + ", which is not read");
    }

    /** @throws ResidualException whose sentence begins with the file */
    protected final void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ResidualException(what + " " + otherwise);
        }
    }
}
