package dev.residual.run;

import dev.residual.Directories;
import dev.residual.LockFile;
import dev.residual.ResidualException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Where one run keeps everything: which file is where. */
public record RunDirectory(Path path) {
    private static final String CHECKPOINTS = "checkpoint";

    private static final int CLAIMS = 5;
    private static final int CLAIM_MILLISECONDS = 50;

    /** What is made here is a run only once this is there. */
    public Path config() {
        return path.resolve("config.json");
    }

    public Path metrics() {
        return path.resolve("metrics.csv");
    }

    public Path steps() {
        return path.resolve("steps.csv");
    }

    /** The network after the last iteration. */
    public Path model() {
        return path.resolve("model.safetensors");
    }

    /** The network with the best validation accuracy, where that is kept. */
    public Path best() {
        return path.resolve("model-best.safetensors");
    }

    /** Of the layers of {@link #model}, where somebody has measured them. */
    public Path responses() {
        return path.resolve("responses.csv");
    }

    /** Before another model takes the place of the one that they were measured on. */
    public void forgetResponses() {
        try {
            Files.deleteIfExists(responses());
        } catch (IOException e) {
            throw new ResidualException("cannot delete " + responses() + ": " + ResidualException.reason(e), e);
        }
    }

    public Path checkpoints() {
        return path.resolve(CHECKPOINTS);
    }

    public Path curves() {
        return path.resolve("curves.png");
    }

    public Path curvesSvg() {
        return path.resolve("curves.svg");
    }

    public Path report() {
        return path.resolve("report.html");
    }

    public Path log() {
        return path.resolve("train.log");
    }

    /**
     * What is left of a run that died before its first step does not count: there is no config.json yet.
     *
     * @throws ResidualException when a new run cannot be put there, because something is there already
     */
    public static void requireFree(Path path) {
        if (Files.exists(new RunDirectory(path).config())) {
            throw new ResidualException(path + " already holds a run: go on with it ('resume "
                    + RunOptions.quoted(path.toString()) + "') or choose another --output");
        }
        try {
            if (Files.exists(path) && !isEmptyDirectory(path)) {
                throw new ResidualException(path + " exists and is not an empty directory: choose another --output");
            }
        } catch (IOException | UncheckedIOException e) {
            throw new ResidualException("cannot read " + path + ": " + ResidualException.reason(e), e);
        }
    }

    /** A run directory that no other process can train in until this is closed. */
    public record Claimed(RunDirectory run, LockFile lock) implements AutoCloseable {
        @Override
        public void close() {
            try {
                lock.close();
            } catch (IOException e) {
                // The process's end unlocks it.
            }
        }
    }

    /**
     * Makes and claims a directory for a new run.
     *
     * @throws ResidualException when something is there already, it cannot be made, or another process has it
     */
    public static Claimed create(Path path) {
        requireFree(path);
        try {
            Files.createDirectories(path);
            return claimNew(path).orElseThrow(() -> inUse(path));
        } catch (IOException e) {
            throw new ResidualException("cannot make the directory " + path + ": " + ResidualException.reason(e), e);
        }
    }

    /** Where {@link #createNext} would make it now. */
    public static Path next(Path path) {
        return Stream.iterate(1, i -> i + 1)
                .map(i -> i == 1 ? path : numbered(path, i))
                .filter(p -> !Files.exists(p))
                .findFirst()
                .orElseThrow();
    }

    private static Path numbered(Path path, int number) {
        return path.resolveSibling(path.getFileName() + "-" + number);
    }

    /**
     * The same at a path that nothing is at: {@code path}, or with the first of the numbers {@code -2}, {@code -3} … that
     * is free. Two processes never get the same.
     */
    public static Claimed createNext(Path path) {
        Path next = path;
        try {
            Files.createDirectories(path.toAbsolutePath().getParent());
            for (int i = 2; ; i++) {
                try {
                    Files.createDirectory(next);
                    Optional<Claimed> claimed = claimNew(next);
                    if (claimed.isPresent()) {
                        return claimed.get();
                    }
                } catch (FileAlreadyExistsException e) {
                    // another run's
                }
                next = numbered(path, i);
            }
        } catch (IOException e) {
            throw new ResidualException("cannot make the directory " + next + ": " + ResidualException.reason(e), e);
        }
    }

    /** Looks again whether it is free, since another process may have been faster, and removes what a crash left. */
    private static Optional<Claimed> claimNew(Path path) throws IOException {
        RunDirectory run = new RunDirectory(path);
        Optional<LockFile> lock = LockFile.tryLock(run.lockFile());
        if (lock.isPresent()) {
            try {
                requireFree(path);
                Directories.delete(run.checkpoints());
            } catch (RuntimeException | IOException e) {
                lock.get().close();
                throw e;
            }
        }
        return lock.map(l -> new Claimed(run, l));
    }

    private static boolean isEmptyDirectory(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.allMatch(e -> isHidden(e) || isUnusedCheckpoint(e));
        }
    }

    private static boolean isHidden(Path path) {
        return path.getFileName().toString().startsWith(".");
    }

    /** A checkpoint before the first step ({@code train --from}), which is written before config.json is. */
    private static boolean isUnusedCheckpoint(Path path) {
        if (!path.getFileName().toString().equals(CHECKPOINTS) || !Files.isDirectory(path)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.allMatch(
                    e -> isHidden(e) || e.getFileName().toString().startsWith("iteration-0-"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @throws ResidualException when no run is there */
    public static RunDirectory open(Path path) {
        RunDirectory run = new RunDirectory(path);
        if (!Files.isDirectory(path)) {
            throw new ResidualException(path + " is not a run: no such directory");
        }
        if (!Files.isRegularFile(run.config())) {
            throw new ResidualException(path + " is not a run: it has no config.json");
        }
        return run;
    }

    /**
     * Claims the directory for this process.
     *
     * @return ends the claim when closed; so does the end of the process
     * @throws ResidualException when another process has it
     */
    public Claimed claim() {
        try {
            Optional<LockFile> lock = LockFile.tryLock(lockFile());
            for (int i = 0; lock.isEmpty() && i < CLAIMS; i++) { // somebody who looks whether it is locked locks it too
                TimeUnit.MILLISECONDS.sleep(CLAIM_MILLISECONDS);
                lock = LockFile.tryLock(lockFile());
            }
            return new Claimed(this, lock.orElseThrow(() -> inUse(path)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw inUse(path);
        } catch (IOException e) {
            throw new ResidualException("cannot write " + lockFile() + ": " + ResidualException.reason(e), e);
        }
    }

    /** Whether a process has claimed it. */
    public boolean isClaimed() {
        try {
            return LockFile.isLocked(lockFile());
        } catch (IOException e) {
            throw new ResidualException("cannot read " + lockFile() + ": " + ResidualException.reason(e), e);
        }
    }

    private Path lockFile() {
        return path.resolve(".lock");
    }

    private static ResidualException inUse(Path path) {
        return new ResidualException(path + " is in use: another process trains there");
    }
}
