package dev.residual.data;

import dev.residual.ResidualException;
import dev.residual.pickle.PickleInput;
import dev.residual.pickle.SafeUnpickler;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.razorvine.pickle.IObjectConstructor;

/**
 * A batch file of the Python version of a CIFAR data set: a pickled dictionary with lists of labels and, under {@code
 * data}, a numpy array of N×3,072 bytes, each image as three planes. The official files were written by Python 2, whose
 * texts are bytes; what Python 3 makes of them is read too. The list of what is made has numpy's arrays of bytes only.
 */
final class PickledBatch extends SafeUnpickler {
    /** A numpy array: {@code _reconstruct} makes an empty one, and BUILD gives it all that it has. */
    private static final class Array {
        private String dtype;
        private List<Object> shape;
        private boolean columnsFirst;
        private String bytes;
    }

    /** A numpy type, such as {@code u1}; BUILD tells its byte order, which bytes have none of. */
    private record DType(String name) {}

    private final Set<String> encoded = Collections.newSetFromMap(new IdentityHashMap<>());

    private PickledBatch(Path file, int maxText) {
        super(file + ": its pickle", maxText);
    }

    /** Its images, with names of files and with bytes as Python 3 may write them, cannot take more. */
    static int maxBytes(int records) {
        return 2 * records * ImageSet.BYTES;
    }

    /**
     * Refuses what cannot be a batch file, before any memory is set aside for it.
     *
     * @throws ResidualException when it is missing, no regular file, or has fewer or far more bytes than its images
     */
    static void check(Path file, int records, Cifar set) {
        long least = (long) records * ImageSet.BYTES;
        long most = maxBytes(records);
        String expected =
                ": expected a batch file of " + set.title() + "'s Python version, " + least + " to " + most + " bytes";
        if (!Files.isRegularFile(file)) {
            throw new ResidualException(
                    file + (Files.exists(file) ? " is not a regular file" : " is missing") + expected);
        }
        try {
            long size = Files.size(file);
            if (size < least || size > most) {
                throw new ResidualException(file + " has " + size + " bytes" + expected);
            }
        } catch (IOException e) {
            throw BatchFile.unreadable(file, e);
        }
    }

    /** @throws ResidualException when the file cannot be read, is no such batch, or has a label that is none */
    static void read(Records records) {
        Path file = records.file;
        Map<?, ?> batch = dictionary(file, maxBytes(records.count));
        List<Object> shape = List.of((long) records.count, (long) ImageSet.BYTES);
        if (!(batch.get("data") instanceof Array data
                && "u1".equals(data.dtype)
                && shape.equals(data.shape)
                && !data.columnsFirst
                && data.bytes != null
                && data.bytes.length() == records.count * ImageSet.BYTES)) {
            throw new ResidualException(
                    file + " has no array of " + records.count + "×" + ImageSet.BYTES + " bytes under 'data'");
        }
        List<Cifar.Label> kinds = records.set.labels();
        List<List<?>> lists = kinds.stream()
                .<List<?>>map(kind -> labels(batch, kind, records))
                .toList();
        long[] labels = new long[kinds.size()];
        byte[] planes = new byte[ImageSet.BYTES];
        for (int record = 0; record < records.count; record++) {
            for (int kind = 0; kind < labels.length; kind++) {
                labels[kind] = lists.get(kind).get(record) instanceof Number n ? n.longValue() : -1;
            }
            for (int i = 0; i < planes.length; i++) {
                planes[i] = (byte) data.bytes.charAt(record * ImageSet.BYTES + i);
            }
            records.add(labels, planes, 0, "");
        }
    }

    private static List<?> labels(Map<?, ?> batch, Cifar.Label kind, Records records) {
        if (batch.get(kind.batchKey()) instanceof List<?> labels && labels.size() == records.count) {
            return labels;
        }
        throw new ResidualException(
                records.file + " has no list of " + records.count + " numbers under '" + kind.batchKey() + "'");
    }

    /** The file that names the classes. */
    static Map<?, ?> meta(Path file, int maxBytes) {
        try {
            if (Files.size(file) > maxBytes) {
                throw new ResidualException(file + " has more than the " + maxBytes + " bytes read at most");
            }
        } catch (IOException e) {
            throw BatchFile.unreadable(file, e);
        }
        return dictionary(file, maxBytes);
    }

    private static Map<?, ?> dictionary(Path file, int maxText) {
        try (PickleInput in =
                new PickleInput(new BufferedInputStream(Files.newInputStream(file), 1 << 16), Files.size(file))) {
            if (new PickledBatch(file, maxText).read(in) instanceof Map<?, ?> map) {
                return map;
            }
            throw new ResidualException(file + " holds no dictionary: expected a batch of the Python version");
        } catch (IOException e) {
            throw BatchFile.unreadable(file, e);
        }
    }

    @Override
    protected Object named(String name) {
        IObjectConstructor constructor =
                switch (name) {
                    case "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct" ->
                        arguments -> new Array();
                    case "numpy.ndarray" -> arguments -> new Array();
                    case "numpy.dtype" -> arguments -> new DType((String) arguments[0]);
                    case "_codecs.encode" -> this::encoded;
                    default -> null;
                };
        return constructor;
    }

    /** Bytes as Python 3 writes them for Python 2: a text of one character a byte. */
    private String encoded(Object[] arguments) {
        String text = (String) arguments[0];
        if (encoded.add(text)) { // a pickle may ask for the same long text again and again
            require(
                    "latin1".equals(arguments[1]) && text.chars().allMatch(c -> c <= 0xff),
                    "has bytes that are encoded in another way than latin1");
        }
        return text;
    }

    /** Of an array: version, shape, type, whether columns come first, and its bytes. */
    @Override
    protected void build(Object value, Object state) {
        if (value instanceof Array array) {
            Object[] parts = (Object[]) state;
            array.shape = Arrays.stream((Object[]) parts[1])
                    .<Object>map(n -> ((Number) n).longValue())
                    .toList();
            array.dtype = ((DType) parts[2]).name();
            array.columnsFirst = (Boolean) parts[3];
            array.bytes = (String) parts[4];
        } else if (!(value instanceof DType)) {
            super.build(value, state);
        }
    }
}
