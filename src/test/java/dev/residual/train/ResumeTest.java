package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import dev.residual.data.Augmentation;
import dev.residual.nn.Activation;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Optimizer.Adam;
import dev.residual.recipe.Optimizer.AdamW;
import dev.residual.recipe.Optimizer.Decay;
import dev.residual.recipe.Optimizer.Sgd;
import dev.residual.recipe.Recipe;
import dev.residual.recipe.Schedule.Cosine;
import dev.residual.recipe.Schedule.OneCycle;
import dev.residual.recipe.Schedule.Steps;
import dev.residual.run.Checkpoints;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.run.TrainedModel;
import dev.residual.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that is interrupted and resumed must end in the same bytes as one that is not. */
class ResumeTest {
    @TempDir
    Path folder;

    private int directories;
    private List<String> warnings;

    @BeforeEach
    void noWarnings() {
        warnings = new ArrayList<>();
    }

    /** What an end looks like: the model's bytes, the metrics without their times, and the loss of every step. */
    private record End(byte[] model, List<String> metrics, List<String> steps) {
        static End of(Path run) {
            try {
                RunDirectory directory = new RunDirectory(run);
                List<String> rows = new MetricsFile(directory.metrics())
                        .read().stream().map(End::untimed).toList();
                return new End(Files.readAllBytes(directory.model()), rows, Files.readAllLines(directory.steps()));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        private static String untimed(Metrics m) {
            return new Metrics(
                            m.epoch(),
                            m.iteration(),
                            m.learningRate(),
                            m.train(),
                            m.test(),
                            m.validation(),
                            new Metrics.Time(0, 0))
                    .toString();
        }

        void assertSame(End other) {
            assertThat(other.metrics).isEqualTo(metrics);
            assertThat(other.model).isEqualTo(model);
            assertThat(other.steps).isEqualTo(steps).hasSizeGreaterThan(1);
        }
    }

    private Path newRun() throws IOException {
        return Files.createDirectory(folder.resolve("run" + directories++));
    }

    /** Trains from wherever the directory's checkpoints are, and stops when it has been asked so often. */
    private boolean train(RunConfig config, Path run, int stopAfter) {
        int[] asked = {0};
        return TinyRun.train(config, run, () -> asked[0]++ >= stopAfter, event -> {
                    if (event instanceof TrainingEvent.Warning w) {
                        warnings.add(w.sentence());
                    }
                })
                .isPresent();
    }

    private End uninterrupted(RunConfig config) throws IOException {
        Path run = newRun();
        assertThat(train(config, run, Integer.MAX_VALUE)).isTrue();
        return End.of(run);
    }

    @ParameterizedTest
    @EnumSource(
            value = Activation.class,
            names = {"BN_AFTER_ADDITION", "PRE_ACTIVATION"})
    void stochasticDepthDrawsTheSameBlocksAgain(Activation activation) throws IOException {
        Architecture architecture = TinyRun.ARCHITECTURE.withSurvival(0.3).withActivation(activation);
        RunConfig dropping = TinyRun.config(architecture, TinyRun.recipe(), 0, 3, 1);
        Path run = newRun();
        while (!train(dropping, run, 4)) {
            assertThat(directories).isLessThan(100);
        }
        End.of(run).assertSame(uninterrupted(dropping));
    }

    /** Stops are asked for before each step and before each batch of an evaluation, so both are interrupted here. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7})
    void interruptionsLeaveNoTrace(int every) throws IOException {
        RunConfig config = TinyRun.config(TinyRun.recipe(), 0, 3);
        Path run = newRun();
        int attempts = 1;
        while (!train(config, run, every)) {
            attempts++;
            assertThat(attempts).isLessThan(100);
        }
        assertThat(attempts).isGreaterThan(1);
        uninterrupted(config).assertSame(End.of(run));
    }

    @Test
    void interruptionsLeaveNoTraceInAnyRecipe() throws IOException {
        Recipe recipe = TinyRun.recipe();
        Steps steps = (Steps) recipe.schedule();
        Decay decay = recipe.optimizer().decay();
        List<Recipe> recipes = List.of(
                recipe.withOptimizer(new Adam(decay)).withLearningRate(1e-3),
                recipe.withEvaluations(new Recipe.Evaluations(true, false))
                        .withLength(new Recipe.Length(10, true, 0, 0)),
                recipe.withSchedule(steps.withWarmupLearningRate(0.01))
                        .withOptimizer(new Sgd(0.9, false, new Decay(1e-4, Decay.On.WEIGHTS))));
        for (Recipe changed : recipes) {
            RunConfig config = TinyRun.config(changed, 10, 2);
            Path run = newRun();
            while (!train(config, run, 9)) {}
            uninterrupted(config).assertSame(End.of(run));
        }
    }

    /** Each option that a recipe has, in one run or another. */
    @Test
    void interruptionsLeaveNoTraceWithEverythingOn() throws IOException {
        Recipe recipe = TinyRun.recipe();
        Recipe.Images images =
                recipe.images().withAugmentation(new Augmentation(Augmentation.Kind.CROP_ALTERNATING_FLIP, 8, 0.5));
        Recipe everything = recipe.withImages(images)
                .withRegularization(new Recipe.Regularization(0.1, 1, 0.8))
                .withLength(new Recipe.Length(14, true, 0, 9))
                .withEvaluations(new Recipe.Evaluations(true, true));
        List<Recipe> recipes = List.of(
                everything
                        .withOptimizer(new Sgd(0.9, true, new Decay(1e-3, Decay.On.WEIGHTS)))
                        .withSchedule(new OneCycle(0.1, 14, 5)),
                everything
                        .withOptimizer(new AdamW(new Decay(0.01, Decay.On.ALL)))
                        .withSchedule(new Cosine(1e-3, 14, 3)));
        for (Recipe changed : recipes) {
            RunConfig config = withBest(TinyRun.config(changed, 10, 3));
            Path run = newRun();
            while (!train(config, run, 5)) {}
            Path whole = newRun();
            assertThat(train(config, whole, Integer.MAX_VALUE)).isTrue();
            End.of(whole).assertSame(End.of(run));
            assertThat(run.resolve("model-best.safetensors"))
                    .hasSameBinaryContentAs(whole.resolve("model-best.safetensors"));
        }
        assertThat(warnings).isEmpty();
    }

    private static RunConfig withBest(RunConfig c) {
        RunConfig.Keep keep = new RunConfig.Keep(c.keep().checkpointEvery(), true, true);
        return new RunConfig(c.architecture(), 0, c.recipe(), c.data(), c.seed(), c.compute(), keep, c.made());
    }

    @Test
    void interruptionsLeaveNoTraceInBf16() throws IOException {
        RunConfig config = TinyRun.config(TinyRun.recipe(), 0, 3);
        RunConfig.Compute compute = config.compute();
        config = config.withCompute(
                new RunConfig.Compute(compute.threads(), Precision.BF16, compute.device(), compute.backend()));
        Path run = newRun();
        while (!train(config, run, 3)) {}
        uninterrupted(config).assertSame(End.of(run));
    }

    /** A crash loses what came after the last checkpoint; what was logged after it must not stay twice. */
    @Test
    void aCrashBetweenCheckpointsLeavesNoTrace() throws IOException {
        RunConfig config = TinyRun.config(TinyRun.recipe(), 0, 3);
        Path run = newRun();
        assertThatThrownBy(() -> TinyRun.train(config, run, () -> false, event -> {
                    if (event instanceof TrainingEvent.Stepped s && s.progress().iteration() == 8) {
                        throw new IllegalStateException("crash");
                    }
                }))
                .hasMessage("crash");
        train(config, run, Integer.MAX_VALUE);
        uninterrupted(config).assertSame(End.of(run));
    }

    @Test
    void aRunOfTheSameSeedGivesTheSameBytesAndAnotherSeedOthers() throws IOException {
        RunConfig config = TinyRun.config(TinyRun.recipe(), 0, 100);
        End first = uninterrupted(config);
        first.assertSame(uninterrupted(config));
        RunConfig other = new RunConfig(
                config.architecture(),
                0,
                config.recipe(),
                config.data(),
                2,
                config.compute(),
                config.keep(),
                config.made());
        assertThat(uninterrupted(other).model).isNotEqualTo(first.model);
    }

    @Test
    void aFinishedRunCanBeExtendedAsIfItHadNotEnded() throws IOException {
        Recipe longer = withMilestones(5, 8);
        Recipe shorter = longer.withLength(new Recipe.Length(6, false, 0, 0));
        Path run = newRun();
        train(TinyRun.config(shorter, 0, 100), run, Integer.MAX_VALUE);
        train(TinyRun.config(longer, 0, 100), run, Integer.MAX_VALUE);
        End whole = uninterrupted(TinyRun.config(longer, 0, 100));
        assertThat(End.of(run).metrics).isEqualTo(whole.metrics);
    }

    /** A stop in the evaluation of an end that is then moved: the epoch must not be logged twice. */
    @Test
    void anEndThatIsMovedBeforeItWasEvaluatedIsNoEnd() throws IOException {
        Recipe longer = withMilestones(5, 8);
        Recipe shorter = longer.withLength(new Recipe.Length(6, false, 0, 0));
        Path run = newRun();
        TinyRun.train(TinyRun.config(shorter, 0, 100), run, new StopBeforeEvaluation(run)::stop, event -> {});
        train(TinyRun.config(longer, 0, 100), run, Integer.MAX_VALUE);
        assertThat(End.of(run).metrics).isEqualTo(uninterrupted(TinyRun.config(longer, 0, 100)).metrics);
    }

    private static Recipe withMilestones(long... iterations) {
        Recipe recipe = TinyRun.recipe();
        Steps steps = (Steps) recipe.schedule();
        return recipe.withSchedule(
                steps.withMilestones(Arrays.stream(iterations).boxed().toList()));
    }

    /** Asks to stop once two rows are logged and two iterations of the next epoch are over: in the last evaluation. */
    private static final class StopBeforeEvaluation {
        private final MetricsFile metrics;
        private int asked;

        StopBeforeEvaluation(Path run) {
            metrics = new MetricsFile(new RunDirectory(run).metrics());
        }

        boolean stop() {
            return metrics.read().size() == 2 && asked++ >= 2;
        }
    }

    @Test
    void anExtendedRunThatIsInterruptedShowsItsNewNetwork() throws IOException {
        Recipe longer = TinyRun.recipe();
        Path run = newRun();
        train(TinyRun.config(longer.withLength(new Recipe.Length(4, false, 0, 0)), 0, 2), run, Integer.MAX_VALUE);
        RunDirectory directory = new RunDirectory(run);
        assertThat(TrainedModel.of(directory, warnings::add).orElseThrow().finished())
                .isTrue();
        train(TinyRun.config(longer, 0, 2), run, 3);
        TrainedModel shown = TrainedModel.of(directory, warnings::add).orElseThrow();
        assertThat(shown.finished()).isFalse();
        assertThat(shown.model().card().provenance().training().orElseThrow().iteration())
                .isGreaterThan(4);
    }

    /** Ten iterations end in the middle of the third epoch; the row of that end must stay. */
    @Test
    void resumingAFinishedRunChangesNothing() throws IOException {
        RunConfig config = TinyRun.config(TinyRun.recipe(), 0, 3);
        Path run = newRun();
        train(config, run, Integer.MAX_VALUE);
        End before = End.of(run);
        Files.delete(run.resolve("model.safetensors"));
        assertThat(train(config, run, Integer.MAX_VALUE)).isTrue();
        before.assertSame(End.of(run));
        Path responses = Files.createFile(run.resolve("responses.csv"));
        assertThat(train(config, run, Integer.MAX_VALUE)).isTrue();
        assertThat(responses).exists(); // they are still those of its model
        Files.write(run.resolve("model.safetensors"), new byte[] {1, 2, 3});
        assertThat(train(config, run, Integer.MAX_VALUE)).isTrue();
        before.assertSame(End.of(run)); // what is damaged is written again
        RunConfig shorter = TinyRun.config(TinyRun.recipe().withLength(new Recipe.Length(9, false, 0, 0)), 0, 3);
        assertThatThrownBy(() -> train(shorter, run, 1))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("10 iterations behind it already");
    }

    @Test
    void aDamagedCheckpointIsNamedAndTheOneBeforeItIsUsed() throws IOException {
        RunConfig config = TinyRun.config(TinyRun.recipe(), 0, 3);
        for (String file : List.of("model.safetensors", "optimizer.safetensors", "progress.json", "SHA256SUMS")) {
            Path run = newRun();
            train(config, run, 8);
            Path newest = newestCheckpoint(run);
            byte[] bytes = Files.readAllBytes(newest.resolve(file));
            bytes[bytes.length / 2] ^= 1;
            Files.write(newest.resolve(file), bytes);

            warnings.clear();
            train(config, run, Integer.MAX_VALUE);
            assertThat(warnings)
                    .singleElement()
                    .asString()
                    .contains(newest.getFileName().toString());
            uninterrupted(config).assertSame(End.of(run));
        }
    }

    @Test
    void whenAllCheckpointsAreDamagedTheRunIsRefused() throws IOException {
        RunConfig config = TinyRun.config(TinyRun.recipe(), 0, 3);
        Path run = newRun();
        train(config, run, 12);
        try (Stream<Path> all = Files.list(run.resolve("checkpoint"))) {
            for (Path checkpoint : all.toList()) {
                Files.write(checkpoint.resolve("model.safetensors"), new byte[10]);
            }
        }
        assertThatThrownBy(() -> train(config, run, 1))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("every checkpoint is damaged");
    }

    @Test
    void onlyTheLastTwoCheckpointsAreKept() throws IOException {
        Path run = newRun();
        train(TinyRun.config(TinyRun.recipe(), 0, 2), run, Integer.MAX_VALUE);
        try (Stream<Path> all = Files.list(run.resolve("checkpoint"))) {
            assertThat(all.map(p -> p.getFileName().toString()).collect(Collectors.toSet()))
                    .containsExactlyInAnyOrder("iteration-8", "iteration-10");
        }
    }

    @Test
    void aLossThatIsNotFiniteStopsTheRunAndKeepsTheCheckpoint() throws IOException {
        RunConfig config = TinyRun.config(TinyRun.recipe().withIterations(400).withLearningRate(1e5), 0, 1);
        Path run = newRun();
        assertThatThrownBy(() -> train(config, run, Integer.MAX_VALUE))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("diverged");
        assertThat(new Checkpoints(run.resolve("checkpoint")).latest(warnings::add))
                .isPresent();
        assertThat(warnings).isEmpty();
        assertThat(run.resolve("model.safetensors")).doesNotExist();
    }

    private static Path newestCheckpoint(Path run) throws IOException {
        try (Stream<Path> all = Files.list(run.resolve("checkpoint"))) {
            return all.max(java.util.Comparator.comparingInt(
                            p -> Integer.parseInt(p.getFileName().toString().substring("iteration-".length()))))
                    .orElseThrow();
        }
    }
}
