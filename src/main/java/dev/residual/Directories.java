package dev.residual;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** What Java has for files but not for whole directories. */
public final class Directories {
    private Directories() {}

    /** Deletes a directory with all that is in it; links are deleted, not followed. Does nothing where there is none. */
    public static void delete(Path directory) throws IOException {
        if (Files.notExists(directory)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /**
     * The directory, made where it is not there.
     *
     * @throws ResidualException when the file system refuses
     */
    public static Path create(Path directory) {
        try {
            return Files.createDirectories(directory);
        } catch (IOException e) {
            throw new ResidualException("cannot write " + directory + ": " + ResidualException.reason(e), e);
        }
    }
}
