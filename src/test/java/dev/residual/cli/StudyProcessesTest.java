package dev.residual.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.run.RunDirectory;
import dev.residual.study.Options;
import dev.residual.study.PlannedRun;
import dev.residual.study.Processes;
import dev.residual.study.Samples;
import dev.residual.study.Study;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the processes of a study are started with, and what is said of their end. */
class StudyProcessesTest {
    private static class Silent implements Processes.Listener {
        @Override
        public void started(PlannedRun run, long from) {}

        @Override
        public void elsewhere(PlannedRun run) {}

        @Override
        public void ended(PlannedRun run, Optional<String> failure) {}

        @Override
        public void waiting() {}
    }

    @TempDir
    Path folder;

    /** By a program that only prints its arguments. */
    private String arguments(String... options) throws IOException {
        PlannedRun run = StudyPlan.of(Study.of("table6"), Options.of(List.of(options)))
                .runs(folder)
                .get(0);
        new Processes(List.of("echo"), 1, 4).train(List.of(run), new Silent(), () -> false);
        return Files.readString(folder.resolve(run.name() + ".txt")).strip();
    }

    @Test
    void anInterruptedRunFindsItsImagesWhereTheyAreNow() throws IOException {
        Path run = Samples.run(folder.resolve("resnet20-1"), 30_000, 80, c -> c);
        assertThat(arguments("--data", "elsewhere")).isEqualTo("resume " + run + " --data elsewhere");
        assertThat(arguments()).isEqualTo("resume " + run);
    }

    /** What is said of a run whose process is this shell command. */
    private String failure(String command) {
        PlannedRun run =
                StudyPlan.of(Study.of("table6"), Options.NONE).runs(folder).get(0);
        List<String> said = new ArrayList<>();
        new Processes(List.of("sh", "-c", command), 1, 1)
                .train(
                        List.of(run),
                        new Silent() {
                            @Override
                            public void ended(PlannedRun ended, Optional<String> failure) {
                                said.add(failure.orElse("nothing"));
                            }
                        },
                        () -> false);
        return String.join(", ", said);
    }

    @Test
    void aFailureIsTheProgramsLastSentenceUnlessItWasKilled() {
        assertThat(failure("echo residual: no disk; exit 1")).isEqualTo("no disk");
        assertThat(failure("echo residual: slow; kill -9 $$"))
                .startsWith("it ended with code 137; see " + folder.resolve("resnet20-1.txt"));
        assertThat(failure("exit 0")).isEqualTo("nothing");
    }

    /** What is said of a run that another process trains, and whether the study is complete when that has ended. */
    private List<String> waitedFor(Path run) {
        RunDirectory.Claimed claimed = RunDirectory.open(run).claim();
        List<String> said = new ArrayList<>();
        PlannedRun planned =
                StudyPlan.of(Study.of("table6"), Options.NONE).runs(folder).get(0);
        boolean complete = new Processes(List.of("false"), 1, 1)
                .train(
                        List.of(planned),
                        new Silent() {
                            @Override
                            public void elsewhere(PlannedRun waitedFor) {
                                said.add("elsewhere");
                            }

                            @Override
                            public void ended(PlannedRun ended, Optional<String> failure) {
                                said.add(failure.orElse("fine"));
                            }

                            @Override
                            public void waiting() {
                                claimed.close();
                            }
                        },
                        () -> false);
        assertThat(complete).isTrue();
        return said;
    }

    @Test
    void aRunThatAnotherProcessTrainsIsWaitedFor() throws IOException {
        Path run = Samples.run(folder.resolve("resnet20-1"), 64_000, 91, c -> c);
        assertThat(waitedFor(run)).containsExactly("elsewhere", "fine");

        Files.delete(run.resolve("metrics.csv"));
        Files.writeString(
                run.resolve("train.log"), "12:00  failed: the loss is NaN at iteration 7: training has diverged\n");
        assertThat(waitedFor(run)).containsExactly("elsewhere", "it has diverged at iteration 7");
    }

    @Test
    void aRunsShareOfTheThreadsIsDividedAmongItsProcesses() throws IOException {
        assertThat(arguments()).contains("--threads 4 ");
        assertThat(arguments("--processes", "2")).contains("--processes 2 ", "--threads 2 ");
        assertThat(arguments("--processes", "8")).contains("--threads 1 ");
    }
}
