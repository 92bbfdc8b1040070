package dev.residual.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.Directories;
import dev.residual.ResidualException;
import dev.residual.train.TinyRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Damage of any kind to the newest checkpoint: the one before it is used, and nothing worse happens. */
class CheckpointsTest {
    private static final List<String> FILES =
            List.of("model.safetensors", "optimizer.safetensors", "progress.json", "SHA256SUMS");

    private static Path run;
    private static Path newest;

    @BeforeContainer
    static void train() throws IOException {
        run = Files.createTempDirectory("run");
        TinyRun.train(TinyRun.config(TinyRun.recipe().withIterations(4), 0, 2), run);
        newest = run.resolve("checkpoint").resolve("iteration-4");
    }

    @AfterContainer
    static void delete() throws IOException {
        try (Stream<Path> tree = Files.walk(run)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private static void withDamage(String file, java.util.function.UnaryOperator<byte[]> damage) {
        Path path = newest.resolve(file);
        try {
            byte[] whole = Files.readAllBytes(path);
            byte[] damaged = damage.apply(whole.clone());
            Files.write(path, damaged);
            try {
                List<String> warnings = new ArrayList<>();
                Checkpoint checkpoint = new Checkpoints(run.resolve("checkpoint"))
                        .latest(warnings::add)
                        .orElseThrow();
                boolean harmless = Arrays.equals(whole, damaged);
                assertThat(checkpoint.progress().iteration()).isEqualTo(harmless ? 4 : 2);
                assertThat(warnings).hasSize(harmless ? 0 : 1);
            } finally {
                Files.write(path, whole);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Property(tries = 200)
    void aChangedByteIsNoticed(
            @ForAll @IntRange(max = 3) int file, @ForAll @IntRange(max = 1 << 24) int position, @ForAll byte value) {
        withDamage(FILES.get(file), bytes -> {
            bytes[position % bytes.length] = value;
            return bytes;
        });
    }

    @Property(tries = 100)
    void aMissingEndIsNoticed(@ForAll @IntRange(max = 3) int file, @ForAll @IntRange(max = 1 << 24) int length) {
        withDamage(FILES.get(file), bytes -> Arrays.copyOf(bytes, length % bytes.length));
    }

    /** Whoever changes a file and its checksum too gets a sentence, not a crash: mutations of a document that is valid. */
    @Property(tries = 2000)
    void progressOfAnyContentIsReadOrRefused(
            @ForAll @IntRange(max = 10_000) int from,
            @ForAll @IntRange(max = 12) int length,
            @ForAll("pieces") String piece)
            throws IOException {
        String valid = Files.readString(newest.resolve("progress.json"));
        int start = from % valid.length();
        String mutated = valid.substring(0, start) + piece + valid.substring(Math.min(valid.length(), start + length));
        try {
            Progress read = Progress.read(mutated, "progress.json");
            assertThat(read.iteration()).isNotNegative();
        } catch (ResidualException e) {
            assertThat(e).hasMessageStartingWith("progress.json: ");
        }
    }

    @Provide
    Arbitrary<String> pieces() {
        return Arbitraries.of(
                "", "0", "-1", "1e999", "null", "true", "\"\"", "[]", "{}", ",", ":", "}", "99999999999999999999");
    }

    /** Otherwise it would stay the newest for ever, and the good one before it would have to go. */
    @Example
    void aDamagedOneIsDeletedOnceTheRunHasGoneOnFromTheOneBeforeIt() throws IOException {
        Path directory = Files.createTempDirectory("checkpoints");
        Checkpoint two =
                new Checkpoints(run.resolve("checkpoint")).latest(warning -> {}).orElseThrow();
        Checkpoints checkpoints = new Checkpoints(directory);
        Progress step = two.progress().after(new Progress.Step(1, 1, 1, false, 0, 0.1), false);
        Progress further = step.after(new Progress.Step(1, 1, 1, false, 0, 0.1), false);
        checkpoints.write(two);
        checkpoints.write(new Checkpoint(further, two.model(), two.optimizer()));
        Files.delete(directory.resolve("iteration-" + further.iteration()).resolve("SHA256SUMS"));
        checkpoints.write(new Checkpoint(step, two.model(), two.optimizer()));
        List<String> warnings = new ArrayList<>();
        assertThat(checkpoints.latest(warnings::add).orElseThrow().progress()).isEqualTo(step);
        assertThat(warnings).isEmpty();
        assertThat(checkpoints.newestIteration()).isEqualTo(step.iteration());
        assertThat(directory.resolve("iteration-" + two.progress().iteration())).exists();
        Directories.delete(directory);
    }

    /** Old checkpoints are deleted while another process looks for the newest. */
    @Example
    void readingWhileTrainingFindsAWholeOne() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("checkpoints");
        Checkpoint checkpoint =
                new Checkpoints(run.resolve("checkpoint")).latest(warning -> {}).orElseThrow();
        Checkpoints checkpoints = new Checkpoints(directory);
        checkpoints.write(checkpoint);
        Thread trainer = new Thread(() -> {
            Progress progress = checkpoint.progress();
            for (int i = 0; i < 300; i++) {
                progress = progress.after(new Progress.Step(1, 1, 1, false, 0, 0.1), false);
                checkpoints.write(new Checkpoint(progress, checkpoint.model(), checkpoint.optimizer()));
            }
        });
        trainer.start();
        List<String> warnings = new ArrayList<>();
        while (trainer.isAlive()) {
            assertThat(checkpoints.latest(warnings::add)).isPresent();
        }
        trainer.join();
        assertThat(warnings).isEmpty();
        Directories.delete(directory);
    }
}
