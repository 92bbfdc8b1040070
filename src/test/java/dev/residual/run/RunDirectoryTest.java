package dev.residual.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {
    @TempDir
    Path folder;

    @Test
    void aNewRunNeedsAnEmptyPlace() throws IOException {
        Path run = folder.resolve("a/b");
        try (RunDirectory.Claimed claimed = RunDirectory.create(run)) {
            Files.writeString(claimed.run().config(), "{}");
        }
        assertThatThrownBy(() -> RunDirectory.create(run))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("already holds a run");
        Path other = Files.createDirectory(folder.resolve("other"));
        Files.writeString(other.resolve("letter.txt"), "dear");
        assertThatThrownBy(() -> RunDirectory.create(other)).hasMessageContaining("not an empty directory");
        assertThatThrownBy(() -> RunDirectory.create(other.resolve("letter.txt/run")))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("cannot make the directory");
    }

    @Test
    void onlyADirectoryWithAConfigurationIsARun() {
        assertThatThrownBy(() -> RunDirectory.open(folder))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("no config.json");
        assertThatThrownBy(() -> RunDirectory.open(folder.resolve("none"))).hasMessageContaining("no such directory");
    }

    @Test
    void twoCannotTrainInOneDirectory() {
        Path path = folder.resolve("run");
        try (RunDirectory.Claimed claimed = RunDirectory.create(path)) {
            assertThatThrownBy(claimed.run()::claim)
                    .isInstanceOf(ResidualException.class)
                    .hasMessageContaining("in use");
            assertThatThrownBy(() -> RunDirectory.create(path)).hasMessageContaining("in use");
        }
        new RunDirectory(path).claim().close();
    }

    /** The next free name is nobody else's, also while the other has written nothing yet. */
    @Test
    void aNameThatIsTakenGetsANumber() {
        Path path = folder.resolve("runs/x");
        try (RunDirectory.Claimed first = RunDirectory.createNext(path);
                RunDirectory.Claimed second = RunDirectory.createNext(path)) {
            assertThat(first.run().path()).isEqualTo(path);
            assertThat(second.run().path()).isEqualTo(folder.resolve("runs/x-2"));
        }
    }

    /** {@code train --from} that dies before config.json is written: the directory can be used again, and nothing of it is. */
    @Test
    void whatDiedBeforeItsFirstStepIsInNobodysWay() throws IOException {
        Path path = folder.resolve("died");
        Path checkpoint = Files.createDirectories(path.resolve("checkpoint/iteration-0-unevaluated"));
        Files.writeString(checkpoint.resolve("model.safetensors"), "");
        try (RunDirectory.Claimed claimed = RunDirectory.create(path)) {
            assertThat(claimed.run().checkpoints()).doesNotExist();
        }
        Files.createDirectories(path.resolve("checkpoint/iteration-500"));
        assertThatThrownBy(() -> RunDirectory.create(path)).hasMessageContaining("not an empty directory");
        assertThat(path.resolve("checkpoint/iteration-500")).exists();
    }
}
