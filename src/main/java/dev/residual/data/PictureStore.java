package dev.residual.data;

import dev.residual.AtomicFile;
import dev.residual.Digests;
import dev.residual.ResidualException;
import dev.residual.data.PictureTree.Entry;
import dev.residual.picture.Photo;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * A folder's pictures, decoded and of one size, in a file in that folder, so that they are decoded once. It has the pixels of
 * the pictures, an index, the index's length and an SHA-256 of all that; the index names each file with its size and time,
 * and what was wrong with it.
 *
 * @param file where the pixels are, one picture after the other
 * @param wrong for each picture file what is wrong with it, or an empty text
 * @param sum of what was found or written, to be compared while it is read
 */
record PictureStore(Path file, int side, List<String> wrong, byte[] sum) {
    /** Another one is needed whenever the same file would come out as other pixels, or this form changes. */
    private static final String FORMAT = "residual pictures 3";

    private static final int SUM = 32;

    /** Of decoded pictures that are held before they are written. */
    private static final int CHUNK_BYTES = 16 << 20;

    private static final int MAX_CHUNK = 256;

    static Path path(Path root, int side) {
        return root.resolve(".residual-" + side + "x" + side + ".pictures");
    }

    /**
     * The store that is there, if it has these files as they are now.
     *
     * @return empty when there is none, a file was changed since, or it is damaged
     */
    static Optional<PictureStore> find(Path root, int side, List<Entry> entries) {
        Path path = path(root, side);
        try (RandomAccessFile in = new RandomAccessFile(path.toFile(), "r")) {
            in.seek(Math.max(0, in.length() - SUM - Integer.BYTES));
            int length = in.readInt();
            byte[] sum = new byte[SUM];
            in.readFully(sum);
            long pixels = in.length() - SUM - Integer.BYTES - length;
            if (length < 0 || pixels < 0) {
                return Optional.empty();
            }
            in.seek(pixels);
            byte[] index = new byte[length];
            in.readFully(index);
            Optional<List<String>> wrong = read(index, side, entries);
            long good =
                    wrong.map(w -> w.stream().filter(String::isEmpty).count()).orElse(0L);
            boolean whole = wrong.isPresent()
                    && pixels == good * ImageSet.bytes(side)
                    && Arrays.equals(sum, sum(path, in.length() - SUM));
            return whole ? wrong.map(w -> new PictureStore(path, side, w, sum)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // as good as none
        }
    }

    private static byte[] sum(Path path, long bytes) throws IOException {
        MessageDigest digest = Digests.sha256();
        byte[] buffer = new byte[1 << 16];
        try (BufferedInputStream in = new BufferedInputStream(Files.newInputStream(path))) {
            for (long left = bytes; left > 0; ) {
                int n = in.read(buffer, 0, (int) Math.min(left, buffer.length));
                if (n < 0) {
                    throw new EOFException();
                }
                digest.update(buffer, 0, n);
                left -= n;
            }
        }
        return digest.digest();
    }

    private static byte[] index(int side, List<Entry> entries, List<Decoded> decoded) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF(FORMAT);
        out.writeInt(side);
        out.writeInt(entries.size());
        for (int i = 0; i < entries.size(); i++) {
            out.writeUTF(entries.get(i).name());
            out.writeLong(entries.get(i).bytes());
            // What could not be read may be readable next time: no file has this time, so that all are looked at again.
            out.writeLong(
                    decoded.get(i).unread ? Long.MIN_VALUE : entries.get(i).modified());
            out.writeUTF(decoded.get(i).wrong);
        }
        return bytes.toByteArray();
    }

    /** What is wrong with each file; empty when the index is of others. */
    private static Optional<List<String>> read(byte[] index, int side, List<Entry> entries) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(index));
        if (!in.readUTF().equals(FORMAT) || in.readInt() != side || in.readInt() != entries.size()) {
            return Optional.empty();
        }
        List<String> wrong = new ArrayList<>();
        for (Entry e : entries) {
            if (!in.readUTF().equals(e.name()) || in.readLong() != e.bytes() || in.readLong() != e.modified()) {
                return Optional.empty();
            }
            wrong.add(named(e, in.readUTF()));
        }
        return Optional.of(wrong);
    }

    /**
     * Decodes all files, several at a time.
     *
     * @param directory where the store is to be
     * @param decoded is told how many are done
     * @throws IOException when nothing can be written there
     */
    static PictureStore create(Path directory, int side, List<Entry> entries, IntConsumer decoded) throws IOException {
        Path path = path(directory, side);
        Path temporary = AtomicFile.temporary(path); // two processes may do this at once
        try {
            List<Decoded> all = new ArrayList<>();
            byte[] sum;
            MessageDigest digest = Digests.sha256();
            try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(temporary), 1 << 16)) {
                DataOutputStream out = new DataOutputStream(new DigestOutputStream(file, digest));
                int chunk = Math.max(1, Math.min(MAX_CHUNK, CHUNK_BYTES / ImageSet.bytes(side)));
                for (int from = 0; from < entries.size(); from += chunk) {
                    for (Decoded picture :
                            decode(entries.subList(from, Math.min(from + chunk, entries.size())), side)) {
                        out.write(picture.pixels);
                        all.add(picture.withoutPixels());
                    }
                    decoded.accept(all.size());
                }
                byte[] index = index(side, entries, all);
                out.write(index);
                out.writeInt(index.length);
                sum = digest.digest();
                file.write(sum);
            }
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
            List<String> wrong = IntStream.range(0, all.size())
                    .mapToObj(i -> named(entries.get(i), all.get(i).wrong))
                    .toList();
            return new PictureStore(path, side, wrong, sum);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /**
     * @param pixels of the picture; none where something is wrong
     * @param wrong what, without the file's name: the folder may be moved
     * @param unread whether the file could not be read, which says nothing about what is in it
     */
    private record Decoded(byte[] pixels, String wrong, boolean unread) {
        private static final byte[] NONE = {};

        Decoded withoutPixels() {
            return new Decoded(NONE, wrong, unread);
        }
    }

    private static String named(Entry entry, String wrong) {
        return wrong.isEmpty() ? "" : entry.file() + wrong;
    }

    private static List<Decoded> decode(List<Entry> entries, int side) {
        Decoded[] decoded = new Decoded[entries.size()];
        IntStream.range(0, decoded.length).parallel().forEach(i -> decoded[i] = decode(entries.get(i), side));
        for (int i = 0; i < decoded.length; i++) {
            if (decoded[i] == null) { // There was no memory for it beside others.
                Decoded again = decode(entries.get(i), side);
                decoded[i] = again != null
                        ? again
                        : new Decoded(Photo.read(entries.get(i).file(), side).pixels(), "", false);
            }
        }
        return Arrays.asList(decoded);
    }

    /** @return null when memory ran out */
    private static Decoded decode(Entry entry, int side) {
        try (InputStream file = Files.newInputStream(entry.file())) {
            InputStream bytes = new ByteArrayInputStream(file.readNBytes(Photo.MAX_BYTES + 1));
            return new Decoded(Photo.read(bytes, "", side).pixels(), "", false);
        } catch (ResidualException e) {
            return e.getCause() instanceof OutOfMemoryError ? null : new Decoded(Decoded.NONE, e.getMessage(), false);
        } catch (IOException e) {
            return new Decoded(Decoded.NONE, ": cannot be read: " + ResidualException.reason(e), true);
        } catch (OutOfMemoryError e) {
            return null;
        }
    }

    /**
     * The pictures in which nothing is wrong, one after the other.
     *
     * @throws ResidualException when they cannot be read, or another process put other ones there since
     */
    void read(PixelSink sink) {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
            byte[] pixels = new byte[ImageSet.bytes(side)];
            for (int i = 0; i < wrong.size(); i++) {
                if (wrong.get(i).isEmpty()) {
                    in.readFully(pixels);
                    sink.accept(i, pixels);
                }
            }
            byte[] rest = in.readAllBytes();
            byte[] last = Arrays.copyOfRange(rest, Math.max(0, rest.length - SUM), rest.length);
            if (!Arrays.equals(last, sum)) {
                throw replaced();
            }
        } catch (NoSuchFileException e) {
            throw new ResidualException(file + " was deleted while it was read", e);
        } catch (EOFException e) {
            throw replaced();
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    private ResidualException replaced() {
        return new ResidualException(file + " was written anew by another process meanwhile: start again");
    }

    /** Takes a picture's pixels, which are overwritten afterwards. */
    @FunctionalInterface
    interface PixelSink {
        void accept(int entry, byte[] pixels);
    }
}
