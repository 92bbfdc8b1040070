package dev.residual.run;

import dev.residual.AtomicFile;
import dev.residual.Digests;
import dev.residual.Directories;
import dev.residual.ResidualException;
import dev.residual.formats.safetensors.Safetensors;
import dev.residual.model.ModelFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The checkpoints of a run, the last two of them, each a directory {@code iteration-N} with {@code model.safetensors},
 * {@code optimizer.safetensors}, {@code progress.json} and {@code SHA256SUMS} (which {@code sha256sum -c} reads). One that
 * was written while the evaluation after its iteration had not ended is called {@code iteration-N-unevaluated}.
 *
 * <p>A checkpoint is written beside the others under another name, forced to the disk, and renamed: a crash at any
 * instant leaves it there whole or not at all.
 */
public final class Checkpoints {
    /** Should the last be damaged, there is one before it. */
    private static final int KEPT = 2;

    private static final Pattern NAME = Pattern.compile("iteration-(\\d{1,18})(-unevaluated)?");
    private static final String TEMPORARY = ".new-";
    private static final String MODEL = "model.safetensors";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String PROGRESS = "progress.json";
    private static final String SUMS = "SHA256SUMS";
    private static final List<String> FILES = List.of(MODEL, OPTIMIZER, PROGRESS);
    private static final int MAX_TEXT_FILE = 1 << 16;

    private final Path directory;

    public Checkpoints(Path directory) {
        this.directory = directory;
    }

    /** @throws ResidualException when it cannot be written; those that were there before are untouched */
    public void write(Checkpoint checkpoint) {
        Progress progress = checkpoint.progress();
        String name = "iteration-" + progress.iteration() + (progress.evaluationDue() ? "-unevaluated" : "");
        Path target = directory.resolve(name);
        Path temporary = directory.resolve(TEMPORARY + name);
        try {
            Files.createDirectories(directory);
            deleteUnfinished();
            Files.createDirectory(temporary);
            AtomicFile.writeAndForce(temporary.resolve(MODEL), out -> ModelFile.write(checkpoint.model(), out));
            AtomicFile.writeAndForce(
                    temporary.resolve(OPTIMIZER), new Safetensors(Map.of(), checkpoint.optimizer())::write);
            writeText(temporary.resolve(PROGRESS), progress.json());
            writeText(temporary.resolve(SUMS), sums(temporary));
            AtomicFile.forceDirectory(temporary);
            Directories.delete(target); // one of this name is there only when it is damaged, or of the same content
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            AtomicFile.forceDirectory(directory);
            deleteOthers(target);
        } catch (IOException | UncheckedIOException e) {
            deleteUnfinished();
            throw new ResidualException(
                    "cannot write the checkpoint " + target + ": " + ResidualException.reason(e)
                            + "; the one before it is kept",
                    e);
        }
    }

    /**
     * Deletes all but the one just written and the one before it. A newer one is damaged, or the run would have gone on from
     * there.
     */
    private void deleteOthers(Path written) throws IOException {
        List<Path> all = newestFirst();
        int first = all.indexOf(written);
        for (int i = 0; i < all.size(); i++) {
            if (i < first || i >= first + KEPT) {
                Directories.delete(all.get(i));
            }
        }
    }

    /**
     * The newest checkpoint that is whole. Another process may be training and may delete what has been listed here: then
     * the list is made anew.
     *
     * @param warning receives a sentence about each damaged one that was passed over
     * @return nothing when there is none
     * @throws ResidualException when there are some, and all are damaged
     */
    public Optional<Checkpoint> latest(Consumer<String> warning) {
        List<Path> all = newestFirst();
        List<String> warnings = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            Path path = all.get(i);
            try {
                Checkpoint checkpoint = read(path);
                warnings.forEach(warning);
                return Optional.of(checkpoint);
            } catch (ResidualException e) {
                List<Path> now = newestFirst();
                if (!now.equals(all)) {
                    all = now;
                    i = -1;
                    warnings.clear();
                } else {
                    warnings.add(
                            "the checkpoint " + path.getFileName() + " is damaged and not used: " + e.getMessage());
                }
            }
        }
        warnings.forEach(warning);
        if (!all.isEmpty()) {
            throw new ResidualException(directory + ": every checkpoint is damaged");
        }
        return Optional.empty();
    }

    /** The iteration of the newest checkpoint, by its name; -1 where there is none. */
    public long newestIteration() {
        return newestFirst().stream().findFirst().map(p -> recency(p) / 2).orElse(-1L);
    }

    private static Checkpoint read(Path path) {
        String expected = readText(path.resolve(SUMS));
        if (!expected.equals(sums(path))) {
            throw new ResidualException(path + ": its files do not have the checksums in " + SUMS);
        }
        Path progress = path.resolve(PROGRESS);
        return new Checkpoint(
                Progress.read(readText(progress), progress.toString()),
                ModelFile.read(path.resolve(MODEL)),
                Safetensors.read(path.resolve(OPTIMIZER)).tensors());
    }

    private static String sums(Path path) {
        StringBuilder sums = new StringBuilder();
        for (String file : FILES) {
            sums.append(Digests.sha256(path.resolve(file)))
                    .append("  ")
                    .append(file)
                    .append('\n');
        }
        return sums.toString();
    }

    private List<Path> newestFirst() {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(p -> NAME.matcher(p.getFileName().toString()).matches())
                    .sorted(Comparator.comparingLong(Checkpoints::recency).reversed())
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            throw new ResidualException("cannot read " + directory + ": " + ResidualException.reason(e), e);
        }
    }

    /** Larger for newer ones; of two of the same iteration the evaluated one is newer. */
    private static long recency(Path path) {
        Matcher name = NAME.matcher(path.getFileName().toString());
        if (!name.matches()) {
            throw new IllegalArgumentException(path.toString());
        }
        return 2 * Long.parseLong(name.group(1)) + (name.group(2) == null ? 1 : 0);
    }

    private static void writeText(Path file, String text) throws IOException {
        AtomicFile.writeAndForce(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String readText(Path file) {
        try {
            if (Files.size(file) > MAX_TEXT_FILE) {
                throw new ResidualException(file + ": larger than the " + MAX_TEXT_FILE + " bytes that it can have");
            }
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    /** Removes what a crash, or a full disk, left behind. */
    private void deleteUnfinished() {
        try (Stream<Path> entries = Files.list(directory)) {
            for (Path path : entries.filter(p -> p.getFileName().toString().startsWith(TEMPORARY))
                    .toList()) {
                Directories.delete(path);
            }
        } catch (IOException | UncheckedIOException e) {
            // It is in nobody's way.
        }
    }
}
