package dev.residual.study;

import dev.residual.AtomicFile;
import dev.residual.Directories;
import dev.residual.ResidualException;
import dev.residual.run.RunDirectory;
import dev.residual.study.Plan.Part;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** One run of a study, trained or not, and the directory that is its own. */
public record PlannedRun(Part part, long seed, Path directory) {
    public String name() {
        return directory.getFileName().toString();
    }

    /**
     * What is there of it.
     *
     * @throws ResidualException when another run is there
     */
    public Optional<FoundRun> found() {
        Optional<FoundRun> found = FoundRun.find(directory);
        found.map(run -> withSeed(run, part.wanted().differencesInItsDirectory(run.config())))
                .filter(d -> !d.isEmpty())
                .ifPresent(d -> {
                    throw new ResidualException(directory + " holds a run of another configuration ("
                            + String.join(", ", d) + "): choose another --output");
                });
        return found;
    }

    /** How a run that was trained elsewhere differs from this one. */
    List<String> differences(FoundRun run) {
        return withSeed(run, part.wanted().differences(run.config()));
    }

    private List<String> withSeed(FoundRun run, List<String> differences) {
        long other = run.config().seed();
        return other == seed
                ? differences
                : Stream.concat(Stream.of("seed " + other + " instead of " + seed), differences.stream())
                        .toList();
    }

    /** As {@code train} takes them, without the directory and the threads. */
    public List<String> arguments() {
        return part.options().and("--seed", seed).arguments();
    }

    /**
     * Copies a finished run of the same configuration here, without its checkpoints.
     *
     * @throws ResidualException when that fails, or there is a run already that is not finished
     */
    void adopt(FoundRun run) {
        Path temporary = directory.resolveSibling("." + name() + ".new");
        try {
            if (found().isPresent()) {
                throw new ResidualException(directory + " holds a run already: "
                        + run.directory().path() + " cannot be adopted in its place");
            }
            ResidualException.require(
                    !new RunDirectory(directory).isClaimed(),
                    directory + " is in use: another process begins a run there");
            RunDirectory.requireFree(directory);
            Directories.delete(directory); // of a run that ended before it was one
            Directories.delete(temporary);
            try {
                copy(run.directory().path(), temporary);
                Files.move(temporary, directory, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Directories.delete(temporary);
            }
            AtomicFile.forceDirectory(directory.getParent());
        } catch (IOException | UncheckedIOException e) {
            throw new ResidualException(
                    "cannot copy " + run.directory().path() + " to " + directory + ": " + ResidualException.reason(e),
                    e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.filter(PlannedRun::isKept).toList()) {
                AtomicFile.writeAndForce(to.resolve(file.getFileName()), out -> Files.copy(file, out));
            }
        }
        AtomicFile.forceDirectory(to);
    }

    private static boolean isKept(Path file) {
        return Files.isRegularFile(file) && !file.getFileName().toString().startsWith(".");
    }
}
