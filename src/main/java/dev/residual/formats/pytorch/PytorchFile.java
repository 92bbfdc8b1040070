package dev.residual.formats.pytorch;

import dev.residual.ResidualException;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of a file that PyTorch wrote with {@code torch.save}: a {@code state_dict}, bare or in a checkpoint.
 *
 * <p>Reading believes nothing and runs nothing: see {@link PytorchPickle}. Every size is checked against the file before
 * memory is taken for it.
 *
 * @param layout {@code zip} (since PyTorch 1.6) or {@code legacy}
 * @param tensors by name, in the order of the state_dict
 */
public record PytorchFile(String layout, Map<String, NamedTensor> tensors) {
    static final long MAX_FILE = 256L << 20;

    /** Where checkpoints keep the state_dict. */
    private static final List<String> KEYS = List.of("state_dict", "model", "net", "model_state_dict");

    /** What a layout's reader found: the object that was saved, and a way to the storages' bytes. */
    record Content(Object saved, Storages storages) {
        interface Storages {
            byte[] read(String key) throws IOException;
        }
    }

    /** @throws ResidualException when the file cannot be read, is damaged, or holds what is not read */
    public static PytorchFile read(Path file) {
        try {
            long size = Files.size(file);
            if (size > MAX_FILE) {
                throw new ResidualException(file + ": larger than the " + MAX_FILE + " bytes that are read at most");
            }
            return isZip(file)
                    ? new PytorchFile("zip", PytorchZip.read(file, c -> tensors(c, file, size)))
                    : new PytorchFile("legacy", PytorchLegacy.read(file, c -> tensors(c, file, size)));
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    private static boolean isZip(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.read() == 'P' && in.read() == 'K';
        }
    }

    private static Map<String, NamedTensor> tensors(Content content, Path file, long fileSize) throws IOException {
        Map<String, StoredTensor> found = stateDict(content.saved(), file);
        long bytes = found.values().stream().mapToLong(StoredTensor::bytes).sum();
        if (bytes > 2 * fileSize) {
            throw new ResidualException(file + ": its tensors share their storages so that they have " + bytes
                    + " bytes in a file of " + fileSize);
        }
        Map<String, byte[]> storages = new HashMap<>();
        Map<String, NamedTensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<String, StoredTensor> entry : found.entrySet()) {
            String key = entry.getValue().storage().key();
            if (!storages.containsKey(key)) {
                storages.put(key, content.storages().read(key));
            }
            tensors.put(entry.getKey(), entry.getValue().read(storages.get(key)));
        }
        return tensors;
    }

    /** The map of names to tensors; what else is in it is not about the network's numbers. */
    private static Map<String, StoredTensor> stateDict(Object saved, Path file) {
        if (!(saved instanceof Map<?, ?> map)) {
            throw new ResidualException(file + ": holds no dictionary; expected a state_dict");
        }
        for (String key : KEYS) {
            if (map.get(key) instanceof Map<?, ?> inner) {
                map = inner;
                break;
            }
        }
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        map.forEach((name, value) -> {
            if (value instanceof StoredTensor tensor) {
                tensors.put(name.toString(), tensor);
            }
        });
        if (tensors.isEmpty()) {
            throw new ResidualException(file + ": holds no tensors by name; expected a state_dict, bare or under "
                    + String.join(", ", KEYS));
        }
        return tensors;
    }
}
