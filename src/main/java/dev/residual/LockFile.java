package dev.residual;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A file that is locked against other processes, and against the rest of this one, until it is closed or the process
 * ends.
 */
public final class LockFile implements AutoCloseable {
    /**
     * What this process has locked. POSIX drops a process's lock as soon as <em>any</em> of its channels on the file is
     * closed, so a file that is locked must not even be opened again.
     */
    private static final Set<Path> LOCKED = ConcurrentHashMap.newKeySet();

    private final Path key;
    private final FileChannel channel;
    private final boolean held;

    private LockFile(Path key, FileChannel channel, boolean held) {
        this.held = held;
        this.key = key;
        this.channel = channel;
    }

    /**
     * Locks a file, which is made if it is not there; its directory must be there.
     *
     * @return empty where it is locked already, by this process or another
     */
    public static synchronized Optional<LockFile> tryLock(Path file) throws IOException {
        Path key = file.toAbsolutePath().getParent().toRealPath().resolve(file.getFileName());
        if (!LOCKED.add(key)) {
            return Optional.empty();
        }
        FileChannel channel = null;
        boolean locked = false;
        try {
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            boolean held = true;
            try {
                locked = channel.tryLock() != null;
            } catch (IOException e) { // a file system without locks: only this process's other runs are kept out
                locked = true;
                held = false;
            }
            return locked ? Optional.of(new LockFile(key, channel, held)) : Optional.empty();
        } catch (OverlappingFileLockException e) {
            return Optional.empty(); // another part of this process locked it, without this class
        } finally {
            if (!locked) {
                LOCKED.remove(key);
                if (channel != null) {
                    channel.close();
                }
            }
        }
    }

    /** Whether other processes are kept out; some network file systems know no locks. */
    public boolean isHeld() {
        return held;
    }

    /** Whether this process or another has locked a file. Asking does not make the file, and locks others out for a moment. */
    public static synchronized boolean isLocked(Path file) throws IOException {
        if (!Files.exists(file)) {
            return false;
        }
        if (LOCKED.contains(file.toAbsolutePath().getParent().toRealPath().resolve(file.getFileName()))) {
            return true;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.tryLock(0, Long.MAX_VALUE, true) == null;
        } catch (OverlappingFileLockException e) {
            return true;
        } catch (IOException e) { // no locks there, see tryLock
            return false;
        }
    }

    /** For reading and writing the file; closed with this. */
    public FileChannel channel() {
        return channel;
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            LOCKED.remove(key);
        }
    }
}
