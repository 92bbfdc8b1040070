package dev.residual.run;

import dev.residual.ResidualException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;

/** Where one run keeps everything: which file is where. */
public record RunDirectory(Path path) {
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

    public Path checkpoints() {
        return path.resolve("checkpoint");
    }

    public Path curves() {
        return path.resolve("curves.png");
    }

    public Path report() {
        return path.resolve("report.html");
    }

    public Path log() {
        return path.resolve("train.log");
    }

    /** @throws ResidualException when a new run cannot be put there, because something is there already */
    public static void requireFree(Path path) {
        if (Files.exists(new RunDirectory(path).config())) {
            throw new ResidualException(
                    path + " already holds a run: go on with it ('resume " + path + "') or choose another --output");
        }
        try {
            if (Files.exists(path) && !isEmptyDirectory(path)) {
                throw new ResidualException(path + " exists and is not an empty directory: choose another --output");
            }
        } catch (IOException e) {
            throw new ResidualException("cannot read " + path + ": " + ResidualException.reason(e), e);
        }
    }

    /**
     * Makes a directory for a new run.
     *
     * @throws ResidualException when something is there already, or it cannot be made
     */
    public static RunDirectory create(Path path) {
        requireFree(path);
        try {
            Files.createDirectories(path);
        } catch (IOException e) {
            throw new ResidualException("cannot make the directory " + path + ": " + ResidualException.reason(e), e);
        }
        return new RunDirectory(path);
    }

    private static boolean isEmptyDirectory(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.allMatch(e -> e.getFileName().toString().startsWith(".")); // what a crash left
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
    public FileChannel lock() {
        Path file = path.resolve(".lock");
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = tryLock(channel);
            if (lock == null) {
                channel.close();
                throw new ResidualException(path + " is in use: another process trains there");
            }
            return channel;
        } catch (IOException e) {
            throw new ResidualException("cannot write " + file + ": " + ResidualException.reason(e), e);
        }
    }

    private static FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // this same process has it
        }
    }
}
