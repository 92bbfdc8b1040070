package dev.residual.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.study.Options;
import dev.residual.study.PlannedRun;
import dev.residual.study.Processes;
import dev.residual.study.Samples;
import dev.residual.study.Study;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the processes of a study are started with. */
class StudyProcessesTest {
    private static final Processes.Listener SILENT = new Processes.Listener() {
        @Override
        public void started(PlannedRun run, long from) {}

        @Override
        public void ended(PlannedRun run, Optional<String> failure) {}

        @Override
        public void waiting() {}
    };

    @TempDir
    Path folder;

    /** By a program that only prints its arguments. */
    private String arguments(String... options) throws IOException {
        PlannedRun run = StudyPlan.of(Study.of("table6"), Options.of(List.of(options)))
                .runs(folder)
                .get(0);
        new Processes(List.of("echo"), 1, 4).train(List.of(run), SILENT, () -> false);
        return Files.readString(folder.resolve(run.name() + ".txt")).strip();
    }

    @Test
    void anInterruptedRunFindsItsImagesWhereTheyAreNow() throws IOException {
        Path run = Samples.run(folder.resolve("resnet20-1"), 30_000, 80, c -> c);
        assertThat(arguments("--data", "elsewhere")).isEqualTo("resume " + run + " --data elsewhere");
        assertThat(arguments()).isEqualTo("resume " + run);
    }

    @Test
    void aRunsShareOfTheThreadsIsDividedAmongItsProcesses() throws IOException {
        assertThat(arguments()).contains("--threads 4 ");
        assertThat(arguments("--processes", "2")).contains("--processes 2 ", "--threads 2 ");
        assertThat(arguments("--processes", "8")).contains("--threads 1 ");
    }
}
