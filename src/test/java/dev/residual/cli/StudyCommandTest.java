package dev.residual.cli;

import static dev.residual.cli.Result.assertRefused;
import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.Directories;
import dev.residual.study.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A study from its file to its page, killed on the way. */
class StudyCommandTest {
    private static final String FILE = """
            {"title": "Shortcuts", "question": "Are they worth it?", "measure": "accuracy",
             "options": "--architecture resnet8 --batch-size 16 --checkpoint-every 5", "seeds": [1], "iterations": 40,
             "responses": true,
             "variations": [{"name": "residual", "options": "--shortcut A", "answers": "Identities."},
                            {"name": "plain", "options": "--shortcut none", "answers": "None.", "against": "residual"}]}
            """;

    @TempDir
    Path folder;

    /**
     * The study is killed in its first run, which ends with it; the second run was trained elsewhere. Called again, the
     * study goes on with the first, which ends in the bytes of one that nobody killed.
     */
    @Test
    void killedAndGoneOnWith() throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("tiny.json"), FILE);
        Path studies = folder.resolve("study");
        train("elsewhere", "none");
        String[] study = {
            "study", file.toString(), "--dataset", "shapes", "--threads", "1", "--output", studies.toString()
        };
        Path log = studies.resolve("residual-1/train.log");
        List<String> command = new ArrayList<>(Main.program());
        command.addAll(List.of(study));
        command.addAll(List.of("--adopt", folder.resolve("elsewhere").toString()));
        Path output = folder.resolve("output.txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            for (int i = 0;
                    i < 1200 && !(Files.exists(log) && Files.readString(log).contains("epoch 0"));
                    i++) {
                assertThat(process.isAlive()).as(Files.readString(output)).isTrue();
                TimeUnit.MILLISECONDS.sleep(50);
            }
        } finally {
            process.destroyForcibly(); // SIGKILL
        }
        assertThat(output)
                .content()
                .contains("Adopted")
                .contains("residual-1: starts")
                .doesNotContain("plain-1: starts", "plain-1: resumes");

        Result gone = run((Object[]) study);
        assertThat(gone.code()).as(gone.err()).isZero();
        assertThat(gone.out())
                .contains("2 runs, 1 of them finished")
                .doesNotContain("plain-1: starts")
                .containsPattern("residual +\\d+\\.\\d\\d ")
                .containsPattern("plain +\\d+\\.\\d\\d ")
                .contains("responses.png");
        train("unbroken", "A");
        assertThat(studies.resolve("residual-1/model.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("unbroken/model.safetensors"));
        assertThat(studies.resolve("responses.csv")).content().hasLineCount(1 + 2 * 7);
        assertThat(studies.resolve("report.html")).content().contains("Are they worth it?", "Responses of the layers");

        Result again = run((Object[]) study);
        assertThat(again.out()).contains("2 runs, 2 of them finished").doesNotContain(": starts", ": resumes");

        keepOnlyText(studies.resolve("residual-1"));
        Path drawn = folder.resolve("drawn");
        Result from = run("study", file, "--dataset", "shapes", "--from", studies, "--output", drawn);
        assertThat(from.code()).as(from.err()).isZero();
        assertThat(drawn.resolve("table.csv")).hasSameTextualContentAs(studies.resolve("table.csv"));

        Result runs = run("runs", studies);
        assertThat(runs.out().lines().toList()).hasSize(3).allMatch(line -> line.length() <= 80);
        assertThat(runs.out()).contains("residual-1").contains("finished").contains("plain8");

        Path both = folder.resolve("both");
        Result report = run("report", studies.resolve("plain-1"), studies.resolve("residual-1"), "--output", both);
        assertThat(report.code()).as(report.err()).isZero();
        assertThat(both.resolve("report.html")).content().contains("network.shortcut A instead of none");

        assertRefused(
                run("study", file, "--dataset", "shapes", "--iterations", "20", "--output", studies),
                1,
                "holds a run of another configuration (schedule.milestones [20,30] instead of [10,15],"
                        + " length.iterations 40 instead of 20)");
    }

    private void train(String name, String shortcut) {
        Result trained = run(
                "train",
                "--dataset",
                "shapes",
                "--architecture",
                "resnet8",
                "--batch-size",
                16,
                "--iterations",
                40,
                "--shortcut",
                shortcut,
                "--threads",
                1,
                "--checkpoint-every",
                5,
                "--output",
                folder.resolve(name));
        assertThat(trained.code()).as(trained.err()).isZero();
    }

    /** What {@code results/} keeps of a run. */
    private static void keepOnlyText(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            for (Path file : files.filter(f -> !f.toString().matches(".*/(config.json|.*[.]csv|train.log)"))
                    .toList()) {
                Directories.delete(file);
            }
        }
    }

    @Test
    void aReportSaysWhichCopyIsLeftOut() {
        Path one = Samples.run(folder.resolve("one-1"), 1, 91.69);
        Path copy = Samples.run(folder.resolve("copy-1"), 1, 91.69);
        Result report = run("report", one, copy, "--output", folder.resolve("both"));
        assertThat(report.err()).contains(copy + " is left out: it has the configuration and the seed of another");
        assertThat(report.out()).contains("91.69 ").doesNotContain("91.69 ±");
    }

    /** The length that was asked for, though there is a longer run. */
    @Test
    void fromADirectoryRunsOfOneLengthAndSoManySeedsAreCompared() {
        UnaryOperator<String> shorter = c -> c.replace("64000", "7820").replace("32000, 48000", "3910, 5865");
        Path runs = folder.resolve("runs");
        Samples.run(runs.resolve("full"), 1, 91.69);
        Samples.run(runs.resolve("short-1"), 7_820, 87, shorter);
        Samples.run(runs.resolve("short-2"), 7_820, 88, c -> Samples.seed(2).apply(shorter.apply(c)));
        Object[] study = {"study", "table6", "--from", runs, "--output", folder.resolve("out")};
        assertThat(run(study).out()).containsPattern("resnet20 +8\\.31 ");
        Object[] some = append(study, "--iterations", 7820);
        assertThat(run(some).out())
                .containsPattern("resnet20 +12\\.50 ± 0\\.71 \\(2\\)")
                .containsPattern("resnet32 +– +7\\.51 +7,820 ");
        assertThat(run(append(some, "--seeds", 1)).out()).containsPattern("resnet20 +13\\.00 ");
    }

    private static Object[] append(Object[] arguments, Object... more) {
        return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray();
    }

    @ParameterizedTest
    @CsvSource({"--parallel, 2", "--threads, 1", "--device, cpu", "--backend, auto", "--adopt, RUN"})
    void whatOnlyTrainsIsRefusedWhereNothingIsTrained(String option, String value) {
        assertRefused(
                run("study", "table6", "--from", folder, option, value),
                2,
                option + " is for a study that trains, --from for one that does not");
    }

    @Test
    void wrongUsageIsSaid() {
        assertThat(run("study").out()).contains("table6", "article");
        assertRefused(run("study", "table7"), 2, "no study 'table7': expected a file, or one of table6, depth");
        assertRefused(run("study", "table6", "--parallel", "0"), 2, "parallel 0");
        assertRefused(run("study", "table6", "--seeds", "0"), 2, "seeds 0");
        assertRefused(run("study", "table6", "--iterations", "0"), 2, "variation 'resnet20': iterations 0");
        assertRefused(run("study", "table6", "--adopt", folder), 1, "no config.json");
        assertRefused(run("study", "--adopt", folder, "table6"), 2, "which study? Give its name before --adopt");
        assertRefused(run("study", "--seeds", 3), 2, "which study?");
        assertRefused(run("runs", folder.resolve("none")), 1, "is not a directory");
    }
}
