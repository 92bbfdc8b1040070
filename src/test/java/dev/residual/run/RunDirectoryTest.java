package dev.residual.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import java.io.IOException;
import java.nio.channels.FileChannel;
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
        Files.writeString(RunDirectory.create(run).config(), "{}");
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
    void twoCannotTrainInOneDirectory() throws IOException {
        RunDirectory run = RunDirectory.create(folder.resolve("run"));
        try (FileChannel claim = run.lock()) {
            assertThat(claim.isOpen()).isTrue();
            assertThatThrownBy(run::lock).isInstanceOf(ResidualException.class).hasMessageContaining("in use");
        }
        run.lock().close();
    }
}
