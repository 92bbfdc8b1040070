package dev.residual.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.recipe.Recipe;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.run.Score;
import dev.residual.study.FoundRun.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The state of a run, by its small files. */
class FoundRunTest {
    @TempDir
    Path folder;

    @Test
    void aRunIsFinishedAtItsLastIteration() {
        Path run = Samples.run(folder.resolve("run"), 1, 91.69);
        assertThat(FoundRun.read(run).state()).isEqualTo(State.FINISHED);
        assertThat(FoundRun.read(run).last().orElseThrow().test().accuracy()).isEqualTo(91.69);

        Samples.run(run, 63_733, 91.5, c -> c);
        assertThat(FoundRun.read(run).state()).isEqualTo(State.INTERRUPTED);
        assertThat(FoundRun.read(run).iteration()).isEqualTo(63_733);
    }

    /** What was evaluated after the last checkpoint is trained again. */
    @Test
    void anInterruptedRunStandsAtItsLastCheckpoint() throws IOException {
        Path run = Samples.run(folder.resolve("run"), 30_000, 80, c -> c);
        Files.createDirectories(run.resolve("checkpoint/iteration-29500"));
        assertThat(FoundRun.read(run).iteration()).isEqualTo(29_500);
    }

    /** Its weights were not written yet, or the disk was full: resume does it. */
    @Test
    void aRunWithoutItsModelIsNotFinished() throws IOException {
        Path run = Samples.run(folder.resolve("run"), 1, 91.69);
        Files.createDirectories(run.resolve("checkpoint/iteration-64000"));
        assertThat(FoundRun.read(run).state()).isEqualTo(State.INTERRUPTED);
        Files.createFile(run.resolve("model.safetensors"));
        assertThat(FoundRun.read(run).state()).isEqualTo(State.FINISHED);
    }

    @Test
    void linksAreFollowedAndHiddenDirectoriesAreNot() throws IOException {
        Path elsewhere = folder.resolve("elsewhere");
        Samples.run(elsewhere.resolve("a"), 1, 90);
        Samples.run(elsewhere.resolve(".b.new"), 1, 90);
        Path link = Files.createSymbolicLink(folder.resolve("runs"), elsewhere);
        Files.createSymbolicLink(elsewhere.resolve("again"), elsewhere); // a circle
        List<String> warnings = new ArrayList<>();
        assertThat(FoundRun.below(link, warnings::add))
                .extracting(FoundRun::name)
                .containsExactly("a");
        assertThat(warnings).hasSize(1);
    }

    /** 164 epochs are 64,124 iterations. */
    @Test
    void aRecipeOfWholeEpochsEndsBehindItsIterations() {
        Path run = folder.resolve("run");
        Samples.run(run, 64_000, 90, c -> c.replace("\"wholeEpochs\": false", "\"wholeEpochs\": true"));
        assertThat(FoundRun.read(run).state()).isEqualTo(State.INTERRUPTED);
        Samples.run(run, 64_124, 90, c -> c.replace("\"wholeEpochs\": false", "\"wholeEpochs\": true"));
        assertThat(FoundRun.read(run).state()).isEqualTo(State.FINISHED);
    }

    @Test
    void aRunThatEndsInItsFirstEpochIsFinishedToo() {
        Path run = folder.resolve("run");
        Samples.run(run, 40, 20, c -> c.replace("64000", "40").replace("32000, 48000", "20, 30"));
        assertThat(FoundRun.read(run).state()).isEqualTo(State.FINISHED);
    }

    /** The best of three epochs is the first. */
    @Test
    void aRunThatIsOutOfPatienceIsFinished() {
        List<Metrics> rows = new ArrayList<>();
        for (int epoch = 0; epoch <= 3; epoch++) {
            Score validation = new Score(1, epoch == 0 ? 10 : 60 - epoch);
            rows.add(new Metrics(
                    epoch, 391L * epoch, 0.1, Score.NONE, new Score(1, 50), validation, new Metrics.Time(60, 900)));
        }
        Path run = folder.resolve("run");
        for (int patience : List.of(0, 2, 3)) {
            Samples.run(run, 1173, 50, c -> c);
            RunDirectory directory = new RunDirectory(run);
            new MetricsFile(directory.metrics()).write(rows);
            RunConfig config = RunConfig.read(directory);
            Recipe.Length length = config.recipe().length();
            RunConfig.Data data = config.data();
            new RunConfig(
                            config.architecture(),
                            0,
                            config.recipe().withLength(new Recipe.Length(length.iterations(), false, 0, patience)),
                            new RunConfig.Data(
                                    data.dataset(), data.directory(), 5000, data.testFraction(), data.sha256()),
                            1,
                            config.compute(),
                            config.keep(),
                            config.made())
                    .write(directory);
            assertThat(FoundRun.read(run).state())
                    .as("patience " + patience)
                    .isEqualTo(patience == 2 ? State.FINISHED : State.INTERRUPTED);
        }
    }

    @Test
    void itRunsAsLongAsAProcessHasIt() {
        Path run = Samples.run(folder.resolve("run"), 30_000, 80, c -> c);
        try (RunDirectory.Claimed claimed = new RunDirectory(run).claim()) {
            assertThat(FoundRun.read(run).state()).isEqualTo(State.RUNNING);
        }
        assertThat(FoundRun.read(run).state()).isEqualTo(State.INTERRUPTED);
    }

    @Test
    void aLossThatIsNoNumberEndsIt() throws IOException {
        Path run = Samples.run(folder.resolve("run"), 400, 10, c -> c);
        String line = "2026-11-27 06:09:33  failed: ";
        Files.writeString(run.resolve("train.log"), line + "the loss is NaN: training has diverged; the last …\n");
        assertThat(FoundRun.read(run).state()).isEqualTo(State.DIVERGED);
        for (String other : List.of("No space left on device", "cannot write diverged/metrics.csv: disk full")) {
            Files.writeString(run.resolve("train.log"), line + other + "\n");
            assertThat(FoundRun.read(run).state()).as(other).isEqualTo(State.INTERRUPTED);
        }
    }

    @Test
    void theRunsBelowADirectory() throws IOException {
        Samples.run(folder.resolve("b"), 1, 91);
        Samples.run(folder.resolve("deep/a"), 1, 91);
        Path broken = Samples.run(folder.resolve("a"), 1, 91);
        Files.writeString(broken.resolve("config.json"), "{\"format\" : 2}");
        List<String> warnings = new ArrayList<>();

        assertThat(FoundRun.below(folder, warnings::add))
                .extracting(FoundRun::name)
                .containsExactly("b", "a");
        assertThat(warnings)
                .hasSize(1)
                .first()
                .asString()
                .contains("config.json")
                .contains("no key");
    }
}
