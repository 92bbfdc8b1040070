package dev.residual.cli;

import static dev.residual.cli.Result.assertRefused;
import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Directories;
import dev.residual.Json;
import dev.residual.data.PictureFolders;
import dev.residual.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A person's own pictures, from the folder to the answer. */
class FolderRunTest {
    private static final String[] TRAIN = {
        "train",
        "--dataset",
        "folder",
        "--widths",
        "16,16,16",
        "--architecture",
        "resnet8",
        "--batch-size",
        "8",
        "--learning-rate",
        "0.02",
        "--threads",
        "1",
        "--precision",
        "fp32",
        "--checkpoint-every",
        "4"
    };

    @TempDir
    Path dir;

    private static Result train(Object... more) {
        Object[] all = Arrays.copyOf(TRAIN, TRAIN.length + more.length, Object[].class);
        System.arraycopy(more, 0, all, TRAIN.length, more.length);
        return run(all);
    }

    @Test
    void ownPicturesAreTrainedOnEvaluatedPredictedAndResumedToTheByte() throws IOException {
        Path pictures = PictureFolders.people(dir.resolve("my pictures"));
        Path whole = dir.resolve("whole");
        Result trained = train("--data", pictures, "--image-size", 48, "--output", whole, "--iterations", 8);
        assertThat(trained.code()).as(trained.err()).isZero();
        assertThat(trained.err()).contains("4 of 44 pictures cannot be read and are left out");
        Path model = whole.resolve("model.safetensors");
        assertThat(Model.load(model).graph().input()).hasToString("3×48×48");
        assertThat(Model.load(model).card().normalization().side()).hasValue(48);

        // As a crash after the checkpoint before the last would have left it.
        byte[] bytes = Files.readAllBytes(model);
        Files.delete(model);
        Directories.delete(whole.resolve("checkpoint/iteration-8"));
        Result resumed = run("resume", whole);
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(model).hasBinaryContent(bytes);

        Path wrong = dir.resolve("wrong.csv");
        Result evaluated = run("evaluate", whole, "--json", "--misclassified", wrong, "--threads", 1);
        JsonNode found = Json.tree(evaluated.out(), "output");
        assertThat(found.path("images").asInt()).isEqualTo(20);
        List<String> lines = Files.readAllLines(wrong);
        assertThat(lines.get(0)).isEqualTo("image,actual,predicted,probability");
        assertThat(lines).hasSize(1 + 20 - found.path("correct").asInt());
        assertThat(lines.subList(1, lines.size()))
                .allMatch(line -> line.matches("test/(my dogs|猫)/.*,(my dogs,猫|猫,my dogs),[01]\\.\\d{6}"));
        assertRefused(run("evaluate", whole, "--misclassified", dir.resolve("wrong.txt")), 2, "called .csv or .json");

        Result predicted = run("predict", "--json", "--features", model, pictures + "/test/my dogs");
        JsonNode first = Json.tree(predicted.out(), "output").path(0);
        assertThat(first.path("top").findValuesAsText("class")).containsExactlyInAnyOrder("my dogs", "猫");
        assertThat(first.path("features")).hasSize(16);
        assertRefused(run("predict", "--features", model, pictures + "/test/my dogs"), 2, "--json only");
        assertThat(run("report", whole).code()).isZero();

        Directories.delete(pictures.resolve("test/猫"));
        String without = run("evaluate", whole, "--json", "--threads", 1).out();
        assertThat(Json.tree(without, "output").path("per_class").path("猫").isNull())
                .isTrue();

        Files.write(pictures.resolve("train/my dogs/photo.JPG"), PictureFolders.picture(0, 0));
        assertRefused(run("resume", whole, "--iterations", 12), 1, "is not the one that " + whole + " was trained on");
    }

    /** The stages that are kept are the same to the byte; the last layer is another's. */
    @Test
    void aTrainedNetworkIsTrainedOnForOtherClassesAndAnotherSize() throws IOException {
        Path pictures = dir.resolve("tree");
        for (int i = 0; i < 30; i++) {
            PictureFolders.write(
                    pictures, "c" + i % 3 + "/" + i + ".png", PictureFolders.picture(0x40 << 8 * (i % 3), i));
        }
        Path one = dir.resolve("one");
        assertThat(train("--data", PictureFolders.people(dir.resolve("two")), "--output", one, "--iterations", 2)
                        .code())
                .isZero();
        Path other = dir.resolve("other");
        Result result = run(
                "train",
                "--from",
                one,
                "--freeze",
                2,
                "--dataset",
                "folder",
                "--data",
                pictures,
                "--image-size",
                40,
                "--test-fraction",
                0.4,
                "--class-weights",
                "balanced",
                "--output",
                other,
                "--iterations",
                3,
                "--batch-size",
                8,
                "--threads",
                1,
                "--precision",
                "fp32");
        assertThat(result.code()).as(result.err()).isZero();
        Model before = Model.load(one.resolve("model.safetensors"));
        Model after = Model.load(other.resolve("model.safetensors"));
        assertThat(after.graph().input()).hasToString("3×40×40");
        assertThat(after.card().classes()).containsExactly("c0", "c1", "c2");
        for (String name : before.tensors().keySet()) {
            boolean kept = name.matches("(conv1|bn1|layer[12])\\..*");
            if (!name.startsWith("fc.")) {
                assertThat(Arrays.equals(before.floats(name), after.floats(name)))
                        .as(name)
                        .isEqualTo(kept);
            }
        }
        JsonNode evaluated =
                Json.tree(run("evaluate", other, "--json", "--threads", 1).out(), "output");
        assertThat(evaluated.path("images").asInt()).isEqualTo(12); // the same that the run held out
        for (int i = 30; i < 40; i++) {
            PictureFolders.write(pictures, "c0/" + i + ".png", PictureFolders.picture(0x40, i));
        }
        assertThat(run("evaluate", other, "--threads", 1).err()).contains("test images are drawn anew");
        assertRefused(train("--data", pictures, "--freeze", 1), 2, "--freeze needs --from");
        assertRefused(
                run("train", "--dataset", "shapes", "--image-size", 64), 2, "--image-size is for --dataset folder");
        assertRefused(run("train", "--dataset", "shapes", "--strict"), 2, "--strict is for --dataset folder");
    }
}
