package dev.residual.formats.pytorch;

import dev.residual.Text;
import dev.residual.pickle.SafeUnpickler;
import dev.residual.pickle.Unread;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.razorvine.pickle.IObjectConstructor;

/**
 * The pickle inside a PyTorch file. The list of what is made has tensors, parameters and plain containers; an optimizer,
 * numpy's numbers or {@code argparse.Namespace} beside the weights are left unread. Tensors come out as {@link
 * StoredTensor}, which says where their values are.
 */
final class PytorchPickle extends SafeUnpickler {
    /** Three times what a checkpoint of ResNet-1202 with the moments of Adam needs. */
    static final int MAX_BYTES = 8 << 20;

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

    private static final String TENSOR = "torch.Tensor";

    private record StorageClass(String dtype) {}

    private final IObjectConstructor tensor = this::tensor;
    private final long fileSize;
    private final Map<String, Storage> storages = new TreeMap<>();
    private int tensors;

    /**
     * @param what the file and the place in it, to begin an error's sentence with
     * @param fileSize bytes; no storage can be larger
     */
    PytorchPickle(String what, long fileSize) {
        super(what, MAX_STRING);
        this.fileSize = fileSize;
    }

    /** The tensors' storages, by key. */
    Map<String, Storage> storages() {
        return storages;
    }

    @Override
    protected Object named(String name) {
        if (STORAGES.containsKey(name)) {
            return new StorageClass(STORAGES.get(name));
        }
        if (name.equals(TENSOR)) {
            return TENSOR;
        }
        IObjectConstructor constructor =
                switch (name) {
                    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> tensor;
                    case "torch._tensor._rebuild_from_type_v2" -> this::tensorWithAttributes;
                    case "torch._utils._rebuild_parameter",
                            "torch._utils._rebuild_parameter_with_state",
                            "torch.nn.parameter.Parameter" -> arguments -> (StoredTensor) arguments[0];
                    case "collections.OrderedDict", "collections.Counter" -> this::dictionary;
                    case "torch.Size" -> arguments -> (Object[]) arguments[0];
                    default -> null;
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
        return new StoredTensor((Storage) arguments[0], ((Number) arguments[1]).longValue(), shape, stride);
    }

    /** {@code function, class, its arguments, attributes}; not a subclass's, whose values may mean something else. */
    private Object tensorWithAttributes(Object[] arguments) {
        boolean plain = arguments[0] == tensor && TENSOR.equals(arguments[1]);
        return plain ? tensor((Object[]) arguments[2]) : new Unread("has a tensor of a class of its own");
    }

    private static long[] numbers(Object[] values) {
        return Arrays.stream(values).mapToLong(v -> ((Number) v).longValue()).toArray();
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

    /** {@code ("storage", class, key, device, count)}, and in the legacy layout {@code (key, offset, count)} of a part. */
    @Override
    protected Object persistentLoad(Object id) {
        Object[] parts = (Object[]) id;
        if (!"storage".equals(parts[0])) {
            return new Unread("refers to something outside that is no storage");
        }
        if (parts[1] instanceof Unread type) {
            return type;
        }
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
}
