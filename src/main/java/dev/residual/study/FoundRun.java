package dev.residual.study;

import dev.residual.ResidualException;
import dev.residual.run.Checkpoints;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A run that somebody has trained or is training, as its small files tell: {@code config.json}, {@code metrics.csv} and
 * {@code train.log}. Checkpoints, weights and data need not be there.
 *
 * @param metrics one row per epoch; none before the first evaluation has ended
 * @param iteration minibatches trained on, as far as files tell; of an interrupted run those of its last checkpoint
 */
public record FoundRun(RunDirectory directory, RunConfig config, List<Metrics> metrics, State state, long iteration) {
    private static final int MAX_DEPTH = 6;

    /** How {@code train.log} ends a run that failed. */
    private static final String FAILED = "  failed: ";

    private static final Pattern ITERATION = Pattern.compile("at iteration (\\d{1,18})");

    /** In the sentence about a loss or weights that are not finite; {@code diverged} alone may be in a file's name. */
    private static final String HAS_DIVERGED = "training has diverged";

    public enum State {
        FINISHED,
        RUNNING,
        INTERRUPTED,
        /** Its loss became NaN, and would again. */
        DIVERGED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @throws ResidualException when there is no run, or its files cannot be read */
    public static FoundRun read(Path path) {
        RunDirectory directory = RunDirectory.open(path);
        RunConfig config = RunConfig.read(directory);
        List<Metrics> metrics = new MetricsFile(directory.metrics()).read();
        long evaluated = metrics.isEmpty() ? 0 : metrics.get(metrics.size() - 1).iteration();
        long saved = new Checkpoints(directory.checkpoints()).newestIteration();
        State state = state(directory, config, metrics);
        long iteration =
                switch (state) {
                    case FINISHED, RUNNING -> Math.max(evaluated, saved);
                    case INTERRUPTED -> saved < 0 ? evaluated : saved; // what came after it will be trained again
                    case DIVERGED -> divergedAt(directory, Math.max(evaluated, saved));
                };
        return new FoundRun(directory, config, metrics, state, iteration);
    }

    /** @param known what other files tell, where the log does not */
    private static long divergedAt(RunDirectory directory, long known) {
        Matcher iteration = ITERATION.matcher(failure(directory).orElse(""));
        return iteration.find() ? Long.parseLong(iteration.group(1)) : known;
    }

    private static State state(RunDirectory directory, RunConfig config, List<Metrics> metrics) {
        if (directory.isClaimed()) {
            return State.RUNNING;
        }
        if (config.isFinishedBy(metrics)) {
            return lacksModel(directory) ? State.INTERRUPTED : State.FINISHED;
        }
        return failure(directory)
                        .filter(reason -> reason.contains(HAS_DIVERGED))
                        .isPresent()
                ? State.DIVERGED
                : State.INTERRUPTED;
    }

    /** Whether it ended between its last evaluation and its weights, which its last checkpoint has still. */
    private static boolean lacksModel(RunDirectory directory) {
        return !Files.exists(directory.model()) && new Checkpoints(directory.checkpoints()).newestIteration() > 0;
    }

    private static Optional<String> failure(RunDirectory directory) {
        try {
            if (!Files.exists(directory.log())) {
                return Optional.empty();
            }
            List<String> lines = Files.readAllLines(directory.log());
            String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
            int at = last.indexOf(FAILED);
            return at < 0 ? Optional.empty() : Optional.of(last.substring(at + FAILED.length()));
        } catch (IOException e) {
            throw new ResidualException("cannot read " + directory.log() + ": " + ResidualException.reason(e), e);
        }
    }

    /** Where one is there and can be read. */
    public static Optional<FoundRun> find(Path path) {
        return Files.exists(new RunDirectory(path).config()) ? Optional.of(read(path)) : Optional.empty();
    }

    /**
     * The runs below a directory, or that it is itself, in the order of their names.
     *
     * @param warning receives a sentence about what looks like a run and cannot be read
     */
    public static List<FoundRun> below(Path path, Consumer<String> warning) {
        if (!Files.isDirectory(path)) {
            throw new ResidualException(path + " is not a directory");
        }
        Set<Path> directories = new TreeSet<>();
        try {
            Files.walkFileTree(path, Set.of(FileVisitOption.FOLLOW_LINKS), MAX_DEPTH, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    boolean hidden = !directory.equals(path)
                            && directory.getFileName().toString().startsWith("."); // half a copy, say
                    return hidden ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (file.endsWith("config.json")) {
                        directories.add(file.getParent());
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    warning.accept("cannot read " + file + ": " + ResidualException.reason(e));
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new ResidualException("cannot read " + path + ": " + ResidualException.reason(e), e);
        }
        List<FoundRun> runs = new ArrayList<>();
        for (Path directory : directories) {
            try {
                runs.add(read(directory));
            } catch (ResidualException e) {
                warning.accept(e.getMessage());
            }
        }
        return runs;
    }

    public String name() {
        return directory.path().toAbsolutePath().normalize().getFileName().toString();
    }

    /** The iterations that it was to have; it may have ended early, or with the epoch. */
    public long length() {
        return config.recipe().length().iterations();
    }

    /** Of the last evaluation. */
    public Optional<Metrics> last() {
        return metrics.isEmpty() ? Optional.empty() : Optional.of(metrics.get(metrics.size() - 1));
    }

    public boolean isFinished() {
        return state == State.FINISHED;
    }

    /** Whether nothing is left to be trained. */
    public boolean isOver() {
        return state == State.FINISHED || state == State.DIVERGED;
    }
}
