package dev.residual.cli;

import static dev.residual.cli.Result.assertRefused;
import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Directories;
import dev.residual.Json;
import dev.residual.model.Model;
import dev.residual.model.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the commands make of one short run. */
class RunCommandsTest {
    @TempDir
    static Path folder;

    private static Path finished;
    private static Result trained;

    @BeforeAll
    static void train() {
        finished = folder.resolve("run");
        trained = run(
                "train",
                "--dataset",
                "shapes",
                "--architecture",
                "resnet8",
                "--iterations",
                "6",
                "--validation",
                "500",
                "--output",
                finished);
    }

    /** The run again, to be changed. */
    private static Path copy(String name) throws IOException {
        Path to = folder.resolve(name);
        try (Stream<Path> files = Files.walk(finished)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(finished.relativize(file).toString()));
            }
        }
        return to;
    }

    private static void assertFine(Result result) {
        assertThat(result.code()).as(result.err()).isZero();
    }

    @Test
    void trainingPrintsItsEpochsAndFillsTheDirectory() throws IOException {
        assertFine(trained);
        assertThat(trained.out())
                .contains("epoch iteration    loss train % valid. %  test %")
                .contains("      1/1         6 ")
                .contains("Test accuracy")
                .contains("residual evaluate " + finished);
        assertThat(trained.err()).isEmpty();
        try (Stream<Path> files = Files.list(finished)) {
            assertThat(files.map(f -> f.getFileName().toString().replaceAll("\\d+", "N")))
                    .contains(
                            "config.json",
                            "metrics.csv",
                            "events.out.tfevents.N.residual",
                            "model.safetensors",
                            "checkpoint",
                            "curves.png",
                            "report.html",
                            "train.log");
        }
        assertRefused(run("train", "--dataset", "shapes", "--output", finished), 1, "already holds a run");
    }

    @Test
    void evaluationAsJsonAndAsText() {
        JsonNode json = Json.tree(run("evaluate", finished, "--json").out(), "output");
        assertThat(json.get("images").asInt()).isEqualTo(2000);
        assertThat(json.get("split").asText()).isEqualTo("test");
        assertThat(json.get("accuracy").asDouble())
                .isEqualTo(100.0 * json.get("correct").asInt() / 2000);
        assertThat(json.get("per_class").size()).isEqualTo(10);
        assertThat(json.get("confusion").size()).isEqualTo(10);
        Result bare = run("evaluate", finished.resolve("model.safetensors"), "--split", "validation", "--json");
        assertThat(Json.tree(bare.out(), "output").get("images").asInt()).isEqualTo(500);
        assertThat(run("evaluate", finished).out()).contains("predicted");
    }

    @Test
    void moreHeldOutThanThereIs() {
        Path all = folder.resolve("all");
        assertRefused(run("train", "--dataset", "shapes", "--validation", "10000", "--output", all), 1, "10000 images");
        assertThat(all).doesNotExist();
        assertRefused(
                run("train", "--dataset", "shapes", "--validation", "10000", "--epochs", "1", "--output", all),
                1,
                "--validation leaves no images to train on");
        assertRefused(run("train", "--epochs", "1", "--batch-size", "0"), 2, "batch size 0: expected 1 to 65536");
    }

    /** As of a run that was taken elsewhere without its checkpoints: nothing of it is lost. */
    @Test
    void aRunWithoutItsCheckpointIsNotStartedAnew() throws IOException {
        Path bare = copy("bare");
        Directories.delete(bare.resolve("checkpoint"));
        assertRefused(run("resume", bare, "--iterations", "8"), 1, "no checkpoint to resume from");
        Files.delete(bare.resolve("model.safetensors"));
        assertRefused(run("resume", bare), 1, "no checkpoint to resume from");
        assertThat(bare.resolve("metrics.csv")).hasSameBinaryContentAs(finished.resolve("metrics.csv"));
    }

    @Test
    void aRunThatItsEpochsEndedCannotBeExtended() throws IOException {
        Path ended = folder.resolve("ended");
        Object[] train = {"train", "-a", "resnet8", "--dataset", "shapes", "-b", "5000", "--max-epochs", "1"};
        assertFine(run(Stream.concat(Stream.of(train), Stream.of("--iterations", "3", "--output", ended))
                .toArray()));
        String before = Files.readString(ended.resolve("config.json"));
        assertRefused(run("resume", ended, "--iterations", "9"), 1, "ended by --patience or --max-epochs");
        assertThat(ended.resolve("config.json")).hasContent(before);
    }

    @Test
    void trainingGoesOnFromAModel() {
        Path tuned = folder.resolve("tuned");
        Result from = run(
                "train",
                "--from",
                finished,
                "--dataset",
                "shapes",
                "--iterations",
                "2",
                "--log-steps",
                "--output",
                tuned);
        assertFine(from);
        assertThat(from.out()).contains("resnet8 on shapes");
        assertThat(tuned.resolve("steps.csv")).content().hasLineCount(3);
        assertRefused(
                run("train", "--from", finished, "--architecture", "resnet20", "--dataset", "shapes"),
                2,
                "its network is");
        assertRefused(run("train", "--from", "nothing.safetensors", "--dataset", "shapes"), 1, "no such file");
    }

    @Test
    void aFinishedRunIsExtended() throws IOException {
        Path run = copy("extended");
        assertFine(run("resume", run));
        Path responses = Files.writeString(run.resolve("responses.csv"), "of the model after 6 iterations");
        assertFine(run("resume", run, "--iterations", "8"));
        assertThat(responses).doesNotExist();
        assertThat(run.resolve("config.json")).content().contains("\"iterations\" : 8");
        assertRefused(run("resume", run, "--iterations", "8"), 1, "8 iterations behind it already");
        Provenance.Training training = Model.load(run.resolve("model.safetensors"))
                .card()
                .provenance()
                .training()
                .orElseThrow();
        assertThat(training.iteration()).isEqualTo(8);
        assertThat(training.testAccuracy()).isPresent();
    }

    /** 9,500 images in batches of 1,900. */
    @Test
    void aRunIsExtendedByEpochs() throws IOException {
        Path run = folder.resolve("epochs");
        assertFine(run(
                "train",
                "--dataset",
                "shapes",
                "--architecture",
                "resnet8",
                "--widths",
                "1,1,1",
                "--epochs",
                "1",
                "-b",
                "1900",
                "--validation",
                "500",
                "--output",
                run));
        assertRefused(run("resume", run, "--epochs", "1"), 1, "5 iterations behind it already and cannot end after 5");
        assertRefused(run("resume", run, "--epochs", "0"), 2, "epochs 0: expected 1");
        assertRefused(run("resume", run, "--epochs", "2", "--iterations", "9"), 2, "give one of them");
        assertFine(run("resume", run, "--epochs", "2"));
        assertThat(run.resolve("config.json")).content().contains("\"iterations\" : 10");
    }

    @Test
    void aConfigurationThatWasChangedIsRefused() throws IOException {
        Path run = copy("changed");
        Path config = run.resolve("config.json");
        String before = Files.readString(config);
        String sgd = "\"type\" : \"sgd\",\\s*\"momentum\" : 0.9,\\s*\"nesterov\" : false,";
        Files.writeString(config, before.replaceAll(sgd, "\"type\" : \"adam\","));
        assertRefused(run("resume", run, "--iterations", "9"), 1, "have different networks or optimizers");
        Files.writeString(config, before.replace("\"milestones\"", "\"milestonse\""));
        assertRefused(run("resume", run), 1, "milestonse");
    }

    @Test
    void reportsOfARunAndOfItsModel() throws IOException {
        Path run = copy("reported");
        Files.delete(run.resolve("curves.svg"));
        assertRefused(
                run("report", run, "--output", folder.resolve("elsewhere")), 2, "a run's report lies in its directory");
        assertRefused(run("report", run, "--dataset", "shaps"), 2, "shaps");
        assertRefused(run("report", run, run, "--data", folder), 2, "not for a comparison");
        assertRefused(run("evaluate", run, "--dataset", "shaps"), 2, "shaps");
        assertRefused(run("resume", run, "--epochs", 0), 2, "epochs 0");
        assertFine(run("report", run));
        assertThat(run.resolve("curves.svg")).exists();

        Path pages = folder.resolve("pages");
        Result model = run("report", run.resolve("model.safetensors"), "--output", pages);
        assertFine(model);
        assertThat(model.err()).isEmpty();
        assertThat(pages.resolve("reported-model.html"))
                .content()
                .contains("trained on shapes for 6 iterations")
                .contains("Test accuracy", "Confusion matrix", "Filters of the first convolution", "Model card");
        Result shipped = run("report", "resnet20", "--data", folder, "--output", pages);
        assertFine(shipped);
        assertThat(shipped.err()).contains("the report leaves out the test images");
        assertThat(pages.resolve("resnet20.html"))
                .content()
                .contains("269,722", "Test accuracy, from its training", "91.69")
                .doesNotContain("Confusion matrix", "<td>null</td>");
        assertRefused(run("report", folder.resolve("none.safetensors")), 1, "no such file");
    }
}
