package dev.residual.data;

import dev.residual.Directories;
import dev.residual.FileKind;
import dev.residual.ResidualException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * Unpacks the few files that are expected of a {@code .tar.gz} or {@code .tar}, and nothing else: a name that is not expected is never
 * turned into a path, so that links, absolute paths and {@code ..} lead nowhere.
 */
final class Archive {
    /** More entries than this are refused; CIFAR-10 has 9. */
    private static final int MAX_ENTRIES = 100;

    /** More bytes than this in all entries, skipped ones included, are refused; CIFAR-10 has 184 million. */
    private static final long MAX_TOTAL = 256L << 20;

    /** Bytes that may lie between the contents of two entries: headers, long names, padding. They are held in memory. */
    private static final int MAX_HEADERS = 256 << 10;

    private static final int BUFFER = 64 << 10;

    private static final int[] GZIP = {0x1f, 0x8b};

    /** In the first header, of every kind of tar since 1988. */
    private static final String TAR_MARK = "ustar";

    private static final int TAR_MARK_AT = 257;

    private Archive() {}

    /**
     * Unpacks {@code files} from the folder of the same name in the archive into {@code folder}, which appears whole or
     * not at all.
     *
     * @param files the names of the files that are needed and their sizes in bytes; all others are skipped
     * @param exact whether the sizes are exact; otherwise they are the largest
     * @throws ResidualException when the archive is damaged, too large, or has not exactly these files, or when the
     *     folder cannot be written
     */
    static void unpack(Path archive, Path folder, Map<String, Integer> files, boolean exact) {
        try {
            Path temporary = Files.createTempDirectory(folder.toAbsolutePath().getParent(), ".unpack");
            temporary.toFile().deleteOnExit(); // a signal may end the process in the middle
            try {
                // A folder inside it, because the temporary one itself is closed to other users.
                Path fresh = Files.createDirectory(temporary.resolve(folder.getFileName()));
                fresh.toFile().deleteOnExit();
                unpackInto(fresh, archive, files, exact);
                moveUnlessThere(fresh, folder);
            } finally {
                Directories.delete(temporary);
            }
        } catch (IOException e) {
            throw cannotWrite(folder, e);
        } catch (UncheckedIOException e) {
            throw cannotWrite(folder, e.getCause());
        }
    }

    /**
     * The first of these folders in which the archive has something.
     *
     * @throws ResidualException when the archive is damaged or too large
     */
    static Optional<String> holds(Path archive, List<String> folders) {
        return read(
                archive,
                "",
                (path, entry, tar) ->
                        folders.stream().filter(f -> path.startsWith(f + "/")).findFirst());
    }

    private static void unpackInto(Path folder, Path archive, Map<String, Integer> files, boolean exact) {
        String prefix = folder.getFileName() + "/";
        TreeSet<String> missing = new TreeSet<>(files.keySet());
        String expected = ": expected a .tar.gz with " + String.join(", ", missing) + " in " + prefix;
        read(archive, expected, (path, entry, tar) -> {
            Integer size = path.startsWith(prefix) ? files.get(path.substring(prefix.length())) : null;
            if (size != null) {
                String name = path.substring(prefix.length());
                check(entry, size, exact, archive);
                if (!missing.remove(name)) {
                    throw new ResidualException(archive + " has " + path + " twice" + expected);
                }
                write(folder.resolve(name), tar.readNBytes((int) entry.getSize()));
            }
            return Optional.empty();
        });
        if (!missing.isEmpty()) {
            throw new ResidualException(archive + " has no " + prefix + missing.first() + expected);
        }
    }

    /** What is done with an entry; a result ends the search. */
    private interface Use<T> {
        Optional<T> of(String path, TarArchiveEntry entry, TarArchiveInputStream tar) throws IOException;
    }

    /** All entries, or up to the first that gives an answer. */
    private static <T> Optional<T> read(Path archive, String expected, Use<T> use) {
        try (InputStream file = new BufferedInputStream(Files.newInputStream(archive), BUFFER);
                Limited plain = new Limited(isTar(file) ? file : new GZIPInputStream(file, BUFFER));
                TarArchiveInputStream tar = new TarArchiveInputStream(plain, "UTF-8")) {
            long total = 0;
            plain.left = MAX_HEADERS;
            TarArchiveEntry entry = tar.getNextEntry();
            for (int entries = 1; entry != null; entries++) {
                total += entry.getSize();
                // Sparse files unfold to any size from no bytes at all.
                if (!entry.isCheckSumOK() || entry.getSize() < 0 || entry.isSparse()) {
                    throw new ResidualException(archive + " is no tar archive" + expected);
                }
                if (entries > MAX_ENTRIES || entry.getSize() > MAX_TOTAL || total > MAX_TOTAL) {
                    throw new ResidualException(archive + " is too large, with more than " + MAX_ENTRIES
                            + " entries or " + MAX_TOTAL + " bytes when unpacked" + expected);
                }
                plain.left = entry.getSize() + MAX_HEADERS;
                Optional<T> answer = use.of(entry.getName().replaceFirst("^\\./", ""), entry, tar);
                if (answer.isPresent()) {
                    return answer;
                }
                entry = tar.getNextEntry();
            }
            // The checksum comes last in a gzip file, behind the padding of the tar.
            plain.transferTo(OutputStream.nullOutputStream());
            return Optional.empty();
        } catch (IOException e) {
            FileKind.of(archive); // refuses what is a pointer or a page
            String reason = e instanceof EOFException ? "it ends too early" : ResidualException.reason(e);
            throw new ResidualException("cannot unpack " + archive + " (" + reason + ")" + expected, e);
        }
    }

    /** Whether a file is an archive, under whatever name. */
    static boolean isOne(Path file) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return isTar(in) || in.read() == GZIP[0] && in.read() == GZIP[1];
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    /** Looks at a stream that can be set back, and sets it back. */
    private static boolean isTar(InputStream in) throws IOException {
        in.mark(BUFFER);
        String start = new String(in.readNBytes(TAR_MARK_AT + TAR_MARK.length()), StandardCharsets.ISO_8859_1);
        in.reset();
        return start.startsWith(TAR_MARK, TAR_MARK_AT);
    }

    private static void check(TarArchiveEntry entry, int size, boolean exact, Path archive) {
        boolean regular =
                entry.getLinkFlag() == TarConstants.LF_NORMAL || entry.getLinkFlag() == TarConstants.LF_OLDNORM;
        if (!regular || (exact ? entry.getSize() != size : entry.getSize() > size)) {
            throw new ResidualException(archive + " has " + entry.getName() + " as "
                    + (regular ? "a file of " + entry.getSize() + " bytes" : "a link or something else special")
                    + ": expected a regular file of " + (exact ? "" : "at most ") + size + " bytes");
        }
    }

    /** Unchecked, so that a fault of the disk is not taken for one of the archive. */
    private static void write(Path file, byte[] bytes) {
        file.toFile().deleteOnExit();
        try {
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Another process may have unpacked the same archive meanwhile; its folder is as good. */
    private static void moveUnlessThere(Path fresh, Path folder) throws IOException {
        try {
            Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (!Files.isDirectory(folder)) {
                throw e;
            }
        }
    }

    private static ResidualException cannotWrite(Path path, IOException e) {
        return new ResidualException("cannot write " + path + ": " + ResidualException.reason(e), e);
    }

    /** Passes on {@link #left} bytes and then fails: what a tar reader takes in one step must not be without bound. */
    private static final class Limited extends InputStream {
        private final InputStream in;
        private long left;

        Limited(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left == 0 && length > 0) {
                throw new IOException("more than " + MAX_HEADERS + " bytes between two entries");
            }
            int n = in.read(bytes, offset, (int) Math.min(length, left));
            left -= Math.max(n, 0);
            return n;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
