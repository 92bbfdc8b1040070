package dev.residual;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Writes a file so that a crash at any instant leaves the old one or the new one, whole. */
public final class AtomicFile {
    /** Other machines and containers, which may have the same process numbers, may write to the same file system. */
    private static final String PROCESS = UUID.randomUUID().toString().substring(0, 8);

    /** Puts a file's content into a stream. */
    @FunctionalInterface
    public interface Writer {
        void write(OutputStream out) throws IOException;
    }

    private AtomicFile() {}

    /**
     * Writes beside the target, forces it to the disk and renames it. Ctrl-C and SIGTERM leave nothing beside it either;
     * SIGKILL and a power cut may.
     *
     * @param path where it is a symbolic link to a file, that file is replaced
     * @throws ResidualException when something is there that is not a file, such as a device, or the file system refuses; the
     *     old file is untouched and nothing is left beside it
     */
    public static void write(Path path, Writer writer) {
        Path target = followed(path);
        Path temporary = temporary(target);
        try {
            writeAndForce(temporary, writer);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            forceDirectory(target.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw cannotWrite(target, e);
        } finally {
            deleteQuietly(temporary);
        }
    }

    private static Path followed(Path path) {
        ResidualException.require(
                !Files.exists(path) || Files.isRegularFile(path), "cannot write " + path + ": it is not a file");
        try {
            return Files.isSymbolicLink(path) && Files.exists(path) ? path.toRealPath() : path;
        } catch (IOException e) {
            throw cannotWrite(path, e);
        }
    }

    private static ResidualException cannotWrite(Path path, IOException e) {
        return new ResidualException("cannot write " + path + ": " + ResidualException.reason(e), e);
    }

    /** The same of a text, in UTF-8. */
    public static void write(Path target, String text) {
        write(target, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Where this thread may write what {@code target} is to be; no other thread or process writes there. It is gone when
     * the process ends, unless by SIGKILL.
     */
    public static Path temporary(Path target) {
        String writer = PROCESS + "-" + Thread.currentThread().getId();
        Path temporary = target.resolveSibling("." + target.getFileName() + "." + writer + ".tmp");
        temporary.toFile().deleteOnExit();
        return temporary;
    }

    /** Writes a file, not atomically, and returns when it is on the disk. */
    public static void writeAndForce(Path file, Writer writer) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
            writer.write(out);
            out.flush();
            channel.force(true);
        }
    }

    /** Puts a directory's entries, such as a rename in it, on the disk. */
    public static void forceDirectory(Path directory) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows cannot open a directory; there a rename is as durable as it gets.
        }
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // What went wrong before it is what matters.
        }
    }
}
