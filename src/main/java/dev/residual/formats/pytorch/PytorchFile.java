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
import java.util.Optional;

/**
 * The tensors of a file that PyTorch wrote with {@code torch.save}: a {@code state_dict}, bare or in a checkpoint; what else
 * is in a checkpoint is left unread.
 *
 * <p>Reading believes nothing and runs nothing: see {@link PytorchPickle}. Every size is checked against the file before
 * memory is taken for it.
 *
 * @param layout {@code zip} (since PyTorch 1.6) or {@code legacy}
 * @param key of the checkpoint under which the state_dict was, or empty
 * @param candidates the keys among which it was chosen
 * @param tensors by name, in the order of the state_dict
 */
public record PytorchFile(String layout, String key, List<String> candidates, Map<String, NamedTensor> tensors) {
    /** A checkpoint of WRN-28-10 with SGD's momentum has 292 MB. */
    static final long MAX_FILE = 1L << 30;

    /** What a layout's reader found: the object that was saved, and a way to the storages' bytes. */
    record Content(Object saved, Storages storages) {
        interface Storages {
            byte[] read(String key) throws IOException;
        }
    }

    /**
     * @param key of the checkpoint; without it the usual one is taken
     * @throws ResidualException when the file cannot be read, is damaged, or holds what is not read
     */
    public static PytorchFile read(Path file, Optional<String> key) {
        try {
            long size = Files.size(file);
            if (size > MAX_FILE) {
                throw new ResidualException(file + ": larger than the " + MAX_FILE + " bytes that are read at most");
            }
            return isZip(file)
                    ? PytorchZip.read(file, c -> of("zip", c, key, file, size))
                    : PytorchLegacy.read(file, c -> of("legacy", c, key, file, size));
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    private static boolean isZip(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.read() == 'P' && in.read() == 'K';
        }
    }

    private static PytorchFile of(String layout, Content content, Optional<String> key, Path file, long fileSize)
            throws IOException {
        StateDict found = StateDict.of(content.saved(), key, file);
        long bytes =
                found.tensors().values().stream().mapToLong(StoredTensor::bytes).sum();
        if (bytes > 2 * fileSize) {
            throw new ResidualException(file + ": its tensors share their storages so that they have " + bytes
                    + " bytes in a file of " + fileSize);
        }
        Map<String, byte[]> storages = new HashMap<>();
        Map<String, NamedTensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<String, StoredTensor> entry : found.tensors().entrySet()) {
            String storage = entry.getValue().storage().key();
            if (!storages.containsKey(storage)) {
                storages.put(storage, content.storages().read(storage));
            }
            tensors.put(entry.getKey(), entry.getValue().read(storages.get(storage)));
        }
        return new PytorchFile(layout, found.key(), found.candidates(), tensors);
    }
}
