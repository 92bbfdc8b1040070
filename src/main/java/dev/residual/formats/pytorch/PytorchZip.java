package dev.residual.formats.pytorch;

import dev.residual.ResidualException;
import dev.residual.Text;
import dev.residual.formats.pytorch.PytorchFile.Content;
import dev.residual.pickle.PickleInput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * The layout of {@code torch.save} since PyTorch 1.6: a zip archive of one folder with {@code data.pkl}, a storage's
 * bytes in each of {@code data/0}, {@code data/1} …, and the byte order. PyTorch stores and never compresses; so a stored
 * entry is as large as it says, and a small file cannot unfold into a large one.
 */
final class PytorchZip implements AutoCloseable {
    static final int MAX_ENTRIES = 1 << 16;

    private static final String PICKLE = "data.pkl";

    private final Path file;
    private final ZipFile zip;
    private final Map<String, ZipEntry> entries = new HashMap<>();

    /** What is made of the content while the file is open. */
    interface Use<T> {
        T of(Content content) throws IOException;
    }

    static <T> T read(Path file, Use<T> use) throws IOException {
        try (PytorchZip zip = new PytorchZip(file)) {
            return use.of(zip.content());
        } catch (ZipException | IllegalArgumentException e) { // the latter for names that are not UTF-8
            throw new ResidualException(file + ": a damaged or truncated zip archive: " + e.getMessage(), e);
        }
    }

    private PytorchZip(Path file) throws IOException {
        this.file = file;
        this.zip = new ZipFile(file.toFile());
    }

    private Content content() throws IOException {
        require(zip.size() <= MAX_ENTRIES, "has more than the " + MAX_ENTRIES + " entries read at most");
        long size = file.toFile().length();
        long claimed = 0;
        for (ZipEntry entry : (Iterable<ZipEntry>) zip.stream().map(e -> (ZipEntry) e)::iterator) {
            String name = Text.printable(entry.getName());
            require(entries.put(entry.getName(), entry) == null, "has two entries named '" + name + "'");
            require(
                    entry.getMethod() == ZipEntry.STORED && entry.getSize() == entry.getCompressedSize(),
                    "its entry '" + Text.printable(name) + "' is compressed; PyTorch stores, and only that is read");
            require(
                    entry.getSize() >= 0 && entry.getSize() <= size - claimed,
                    "its entries have more bytes than the file's " + size);
            claimed += entry.getSize();
        }
        List<String> pickles = entries.keySet().stream()
                .filter(name -> name.endsWith("/" + PICKLE))
                .toList();
        require(pickles.size() == 1, "has " + pickles.size() + " entries " + PICKLE + ": expected one");
        String folder = pickles.get(0).substring(0, pickles.get(0).length() - PICKLE.length());
        require(!entries.containsKey(folder + "constants.pkl"), "is a TorchScript program; expected a state_dict");
        if (entries.containsKey(folder + "byteorder")) {
            String order = new String(bytes(folder + "byteorder"), StandardCharsets.US_ASCII);
            require(order.equals("little"), "its numbers are not little-endian, which is all that is read");
        }
        ZipEntry pickle = entries.get(folder + PICKLE);
        require(
                pickle.getSize() <= PytorchPickle.MAX_BYTES,
                "its " + PICKLE + " is larger than the " + PytorchPickle.MAX_BYTES + " bytes read at most");
        PytorchPickle reader = new PytorchPickle(file + ": " + PICKLE, size);
        Object saved = reader.read(new PickleInput(bytes(folder + PICKLE)));
        return new Content(saved, key -> storage(folder, reader.storages().get(key)));
    }

    private byte[] storage(String folder, Storage storage) throws IOException {
        String name = "data/" + storage.key();
        ZipEntry entry = entries.get(folder + name);
        require(entry != null, "has no entry '" + Text.printable(name) + "', where a tensor's numbers should be");
        require(
                entry.getSize() == storage.bytes(),
                "its entry '" + Text.printable(name) + "' has " + entry.getSize() + " bytes, expected "
                        + storage.count() + " values of " + storage.width());
        return bytes(folder + name);
    }

    private byte[] bytes(String name) throws IOException {
        ZipEntry entry = entries.get(name);
        try (InputStream in = zip.getInputStream(entry)) {
            byte[] bytes = in.readNBytes((int) entry.getSize());
            require(bytes.length == entry.getSize(), "its entry '" + Text.printable(name) + "' is truncated");
            CRC32 sum = new CRC32();
            sum.update(bytes);
            // PyTorch can be told to leave the sum away, and writes 0 then.
            require(
                    entry.getCrc() == 0 || entry.getCrc() == sum.getValue(),
                    "its entry '" + Text.printable(name) + "' is damaged: wrong checksum");
            return bytes;
        }
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ResidualException(file + ": " + otherwise);
        }
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}
