package dev.residual.formats.pytorch;

import dev.residual.ResidualException;
import dev.residual.Text;
import dev.residual.formats.pytorch.PytorchFile.Content;
import dev.residual.pickle.PickleInput;
import dev.residual.pickle.Unread;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The layout of {@code torch.save} before PyTorch 1.6: pickles of a magic number, a version, the machine's sizes, the
 * saved object and a list of storage keys, then each storage as its count of values (8 bytes) and its bytes.
 */
final class PytorchLegacy {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long VERSION = 1001;

    private final Path file;
    private final FileChannel channel;
    private final long size;
    private final Map<String, Long> positions = new HashMap<>();

    static <T> T read(Path file, PytorchZip.Use<T> use) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return use.of(new PytorchLegacy(file, channel).content());
        }
    }

    private PytorchLegacy(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.size = channel.size();
    }

    private Content content() throws IOException {
        // All pickles lie within the first bytes.
        byte[] start = bytes(0, (int) Math.min(size, PytorchPickle.MAX_BYTES)).array();
        require(
                size > 2 && (start[0] & 0xff) == 0x80 && start[1] >= 0 && start[1] <= 5,
                "neither a file of PyTorch (zip or legacy layout) nor safetensors");
        PickleInput bytes = new PickleInput(start);
        Object magic = pickle("magic number").read(bytes);
        String what = magic instanceof Unread unread ? ": it " + unread.reason() + ", and nothing was run" : "";
        require(MAGIC.equals(magic), "is a pickle, but not one of torch.save" + what);
        require(Long.valueOf(VERSION).equals(whole(pickle("version").read(bytes))), "is not of version " + VERSION);
        boolean little = pickle("system").read(bytes) instanceof Map<?, ?> system
                && Boolean.TRUE.equals(system.get("little_endian"));
        require(little, "its numbers are not little-endian, which is all that is read");
        PytorchPickle pickle = pickle("object");
        Object saved = pickle.read(bytes);
        require(
                pickle("storage keys").read(bytes) instanceof List<?> keys && locate(keys, pickle.storages(), bytes),
                "has no list of storages");
        return new Content(saved, key -> storage(pickle.storages().get(key)));
    }

    /** Finds each storage, from one to the next. */
    private boolean locate(List<?> keys, Map<String, Storage> storages, PickleInput bytes) throws IOException {
        long position = bytes.position();
        for (Object key : keys) {
            Storage storage = key instanceof String ? storages.get(key) : null;
            require(storage != null, "lists a storage that no tensor uses, or whose type is unknown");
            String name = "its storage '" + Text.printable(storage.key()) + "'";
            require(position <= size - Long.BYTES, name + " is missing: truncated");
            long count = bytes(position, Long.BYTES).getLong();
            position += Long.BYTES;
            require(count == storage.count(), name + " has " + count + " values, expected " + storage.count());
            require(storage.bytes() <= size - position, name + " is truncated");
            require(positions.put(storage.key(), position) == null, name + " is there twice");
            position += storage.bytes();
        }
        return true;
    }

    private byte[] storage(Storage storage) throws IOException {
        Long position = positions.get(storage.key());
        require(position != null, "its storage '" + Text.printable(storage.key()) + "' is missing");
        return bytes(position, (int) storage.bytes()).array();
    }

    private PytorchPickle pickle(String what) {
        return new PytorchPickle(file + ": its pickle of the " + what, size);
    }

    private static Object whole(Object number) {
        return number instanceof Integer n ? Long.valueOf(n) : number;
    }

    private ByteBuffer bytes(long position, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            int read = channel.read(buffer, position + buffer.position());
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
