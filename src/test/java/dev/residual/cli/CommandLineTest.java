package dev.residual.cli;

import static dev.residual.cli.Result.assertRefused;
import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Directories;
import dev.residual.Json;
import dev.residual.model.Model;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract of the command line: what is printed where, and the exit codes. */
class CommandLineTest {
    @TempDir
    static Path folder;

    @Test
    void summaryAsJson() {
        Result result = run("summary", "resnet20", "--json");
        JsonNode json = Json.tree(result.out(), "output");
        assertThat(result.code()).isZero();
        assertThat(json.get("architecture").asText()).isEqualTo("resnet20");
        assertThat(json.get("parameters").asLong()).isEqualTo(269_722);
        assertThat(json.get("multiply_adds").asLong()).isEqualTo(40_551_040);
        assertThat(json.get("layers").get(0).get("name").asText()).isEqualTo("conv1");
        assertThat(json.get("layers").get(0).get("output").toString()).isEqualTo("[16,32,32]");
    }

    @Test
    void wrongUsageIsTwoWithTheNearestSpelling() {
        Result option = run("train", "--sede", "3");
        assertRefused(option, 2, "--sede");
        assertThat(option.err()).contains("--seed");
        assertRefused(run("trian"), 2, "train");
        assertRefused(run("help", "trian"), 2, "Did you mean train?");
        assertRefused(run("summary", "resnet20", "--json", "--trace"), 2, "residual: --json");
        assertRefused(run("summary", "resnet20", "--draw", folder.resolve("x.png")), 2, "expected a file called .svg");
        assertRefused(run("train", "--validation", "99999999999"), 2, "expected a smaller whole number");
        assertRefused(run("train", "--schedule", "constant", "--gamma", "0.5"), 2, "--schedule steps, not constant");
        assertRefused(run("train", "--nodes", "2", "--node", "0", "--master", "here:0"), 2, "expected HOST:PORT");
        assertRefused(run("predict", "a.tiff"), 2, "a.tiff was taken as MODEL");
        assertRefused(run("import", "x.pth", "--output", "y", "--dataset", "folder"), 2, "folder");
        assertRefused(run("train", "--optimizer", "adma"), 2, "adam");
        assertRefused(run("train", "--augmentation", "cropflip"), 2, "crop-flip");
        assertRefused(run("train", "--iterations", "many"), 2, "--iterations");
        assertRefused(run("evaluate"), 2, "MODEL");
        assertRefused(run("train", "--architecture", "resnet21"), 2, "6n+2");
        assertRefused(run("train", "--recipe", "papr"), 2, "paper, article or quick");
        assertRefused(run("train", "--shortcut", "D"), 2, "[A, B, C, none, article]");
        assertRefused(run("train", "--dataset", "mnist"), 2, "cifar10, cifar100, cifar100-coarse, shapes");
        assertRefused(run("train", "--labels", "coarse"), 2, "is for --dataset cifar100");
        assertRefused(run("train", "--dataset", "cifar100", "--labels", "rough"), 2, "[coarse, fine]");
        assertRefused(run("train", "--learning-rate", "-1"), 2, "learning rate");
        assertRefused(run("train", "--threads", "0"), 2, "threads 0");
        assertRefused(run("train", "--validation", "-1"), 2, "validation");
        assertRefused(run("bench", "--steps", "0"), 2, "steps 0");
        assertRefused(run("train", "--dataset", "shapes", "--device", "tpu"), 2, "auto, cpu, cuda");
    }

    @Test
    void whatIsNotThereIsNamed() throws IOException {
        assertRefused(run("resume", folder + "/none"), 1, "no such directory");
        assertRefused(run("report", folder.toString()), 1, "no config.json");
        assertRefused(run("evaluate", folder + "/none.safetensors"), 1, "no such file");
        Path file = Files.writeString(folder.resolve("x.safetensors"), "x".repeat(100));
        assertRefused(run("evaluate", file.toString()), 1, "not a safetensors file");
        assertRefused(run("train", "--dataset", "shapes", "--output", file.toString()), 1, "not an empty directory");
    }

    @Test
    void everyCommandHasHelp() {
        for (String command : List.of(
                "train",
                "resume",
                "evaluate",
                "summary",
                "report",
                "bench",
                "predict",
                "models",
                "import",
                "export",
                "study",
                "runs")) {
            Result help = run("help", command);
            assertThat(help.code()).isZero();
            assertThat(help.out()).contains("Usage: residual " + command);
        }
        assertThat(run("--version").out()).startsWith("residual ");
        assertThat(run().code()).isEqualTo(2);
        assertThat(run().out()).isEmpty();
    }

    /** SIGTERM while training: the checkpoint is written, the exit code is 130, and the run goes on from there. */
    @Test
    void anInterruptedProcessLeavesACheckpoint() throws IOException, InterruptedException {
        Path run = folder.resolve("interrupted");
        Path output = folder.resolve("output.txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "train",
                        "--dataset",
                        "shapes",
                        "--architecture",
                        "resnet8",
                        "--iterations",
                        "100000",
                        "--output",
                        run.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            Path log = run.resolve("train.log");
            for (int i = 0;
                    i < 600 && !(Files.exists(log) && Files.readString(log).contains("epoch 0"));
                    i++) {
                assertThat(process.isAlive()).as(Files.readString(output)).isTrue();
                TimeUnit.MILLISECONDS.sleep(100);
            }
            process.destroy(); // SIGTERM
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(output)).isEqualTo(130);
        assertThat(Files.readString(output)).contains("Interrupted").contains("residual resume " + run);
        try (Stream<Path> checkpoints = Files.list(run.resolve("checkpoint"))) {
            assertThat(checkpoints).isNotEmpty();
        }
    }

    private static Result train(Path run, String... more) {
        List<String> arguments = new ArrayList<>(
                List.of("train", "--dataset", "shapes", "--architecture", "resnet8", "--output", run.toString()));
        arguments.addAll(List.of(more));
        Result result = run(arguments.toArray());
        assertThat(result.code()).as(result.err()).isZero();
        return result;
    }

    /** Nothing that is measured may be in a model file. */
    @Test
    void theSameCommandGivesTheSameModelFile() throws IOException {
        Path once = folder.resolve("once");
        Path twice = folder.resolve("twice");
        Result first = train(once, "--iterations", "2", "--precision", "auto");
        assertThat(first.out()).contains("GB of memory");
        train(twice, "--iterations", "2", "--precision", "auto");
        assertThat(once.resolve("model.safetensors")).hasSameBinaryContentAs(twice.resolve("model.safetensors"));
        assertThat(Model.load(once.resolve("model.safetensors"))
                        .card()
                        .provenance()
                        .software()
                        .orElseThrow()
                        .backend())
                .matches("oneDNN \\d+\\.\\d+\\.\\d+, .+|libtorch .+");
    }

    @Test
    void aReportThatCannotBeMadeDoesNotEndATrainingWithAnError() throws IOException {
        Path run = folder.resolve("unreported");
        train(run, "--iterations", "2");
        Files.delete(run.resolve("curves.png"));
        Files.createFile(Files.createDirectory(run.resolve("curves.png")).resolve("in-the-way"));
        Result extended = run("resume", run.toString(), "--iterations", "3");
        assertThat(extended.code()).as(extended.err()).isZero();
        assertThat(extended.out()).contains("Test accuracy");
        assertThat(extended.err()).contains("the report could not be written");
    }

    @Test
    void aFinishedRunWithoutMetricsIsEvaluatedAgain() throws IOException {
        Path run = folder.resolve("unmeasured");
        train(run, "--iterations", "2");
        byte[] model = Files.readAllBytes(run.resolve("model.safetensors"));
        Files.delete(run.resolve("metrics.csv"));
        Result resumed = run("resume", run.toString());
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.out()).contains("Test accuracy");
        assertThat(resumed.err()).contains("metrics.csv has lost the rows of");
        assertThat(run.resolve("model.safetensors")).hasBinaryContent(model);
        assertThat(run.resolve("metrics.csv")).content().hasLineCount(2);
    }

    /** Its first checkpoint holds the weights that it began with; without it the run would begin with random ones. */
    @Test
    void aRunThatStartedFromWeightsNeedsItsCheckpoint() throws IOException {
        Path tuned = folder.resolve("tuned-once");
        assertThat(run("train", "--dataset", "shapes", "--iterations", "1", "--from", "resnet20", "--output", tuned)
                        .code())
                .isZero();
        Directories.delete(tuned.resolve("checkpoint"));
        assertRefused(run("resume", tuned.toString()), 1, "its checkpoint with them is missing");
    }

    /** Without oneDNN's natives libtorch trains alone, and says so. */
    @Test
    void withoutOneDnnTheRunSaysSo() throws IOException, InterruptedException {
        Path run = folder.resolve("without");
        Path output = folder.resolve("without.txt");
        String classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(jar -> !jar.matches(".*dnnl-[^/]*(linux|macosx|windows)[^/]*"))
                .collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath,
                        Main.class.getName(),
                        "train",
                        "--dataset",
                        "shapes",
                        "--architecture",
                        "resnet8",
                        "--iterations",
                        "1",
                        "--output",
                        run.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(output)).isZero();
        String said = "(oneDNN could not be loaded";
        assertThat(output).content().contains(said);
        assertThat(run.resolve("train.log")).content().contains(said);
        assertThat(run.resolve("config.json")).content().contains(said);
    }
}
