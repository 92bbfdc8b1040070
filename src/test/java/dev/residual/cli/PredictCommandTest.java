package dev.residual.cli;

import static dev.residual.cli.Result.assertRefused;
import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Json;
import dev.residual.predict.TinyModel;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Predicting on the command line: which images, which model, and what is said of bad ones. */
class PredictCommandTest {
    @TempDir
    static Path folder;

    private static Path model() {
        Path file = folder.resolve("tiny.safetensors");
        if (!Files.exists(file)) {
            TinyModel.of(3).save(file);
        }
        return file;
    }

    private static Path image(String name, int rgb) throws IOException {
        BufferedImage image = new BufferedImage(40, 50, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 2000; i++) {
            image.setRGB(i % 40, i / 40, rgb * (i % 7 + 1));
        }
        Path file = folder.resolve(name);
        ImageIO.write(
                image,
                "png",
                Files.createDirectories(file.getParent())
                        .resolve(file.getFileName())
                        .toFile());
        return file;
    }

    @Test
    void predictNamesTheClassesOfEachImageAndGoesOnAfterABadOne() throws IOException {
        String red = image("pictures/red.png", 0x200000).toString();
        String blue = image("pictures/blue.PNG", 0x20).toString();
        Files.writeString(folder.resolve("pictures/note.txt"), "not an image, and not asked for");
        String model = model().toString();
        Result all = run("predict", model, "--top", "2", "--json", folder + "/pictures", red);
        assertThat(all.code()).as(all.err()).isZero();
        JsonNode json = Json.tree(all.out(), "output");
        assertThat(json.findValuesAsText("file")).containsExactly(blue, red, red);
        assertThat(json.get(0).get("top").size()).isEqualTo(2);
        assertThat(json.get(0).get("top").get(0).get("class").asText()).startsWith("class ");
        assertThat(json.get(0).get("top").get(0).get("probability").asDouble())
                .isBetween(json.get(0).get("top").get(1).get("probability").asDouble(), 1.0);

        Path bad = Files.writeString(folder.resolve("bad.png"), "no picture");
        Result some = run("predict", model, bad.toString(), red, folder + "/none.png", "--json");
        assertThat(some.code()).isEqualTo(1);
        assertThat(some.err().lines())
                .containsExactly(
                        "residual: " + bad + ": not an image that can be read: expected JPEG, PNG, BMP, GIF or WebP",
                        "residual: cannot read " + folder + "/none.png: no such file or directory");
        assertThat(Json.tree(some.out(), "output").findValuesAsText("file")).containsExactly(red);

        assertThat(run("predict", model, red).out())
                .startsWith(red + ":  class ")
                .hasLineCount(1);
        assertRefused(run("predict", model), 2, "IMAGE");
        assertRefused(run("predict", model, "--top", "0", red), 2, "--top 0");
        assertRefused(run("predict", folder + "/nothing", red), 1, "nor a shipped model");
        assertRefused(run("predict", "resnet21", red), 1, "nor a shipped model");
        Path empty = Files.createDirectories(folder.resolve("empty"));
        assertRefused(run("predict", model, empty.toString()), 1, "has no .jpg");
    }

    /** Without MODEL, with standard input, and by its name. */
    @Test
    void aShippedModelIsUsedByItsName() throws IOException, InterruptedException {
        Path red = image("one.png", 0x200000);
        String implied = process(red, "predict", "-");
        assertThat(implied).matches("(?s)-:  (airplane|automobile|bird|cat|deer|dog|frog|horse|ship|truck) .*");
        assertThat(process(red, "predict", "resnet20", red.toString())).isEqualTo(red + implied.substring(1));
        assertThat(process(red, "models")).startsWith("resnet20   resnet20, 269,722 parameters, 86.99 % on cifar10");
        Path exported = folder.resolve("out.onnx");
        process(red, "export", "resnet20", "--format", "onnx", "--output", exported.toString());
        assertThat(exported).isNotEmptyFile();
    }

    private static String process(Path input, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(args));
        Path output = folder.resolve("process.txt");
        Process process = new ProcessBuilder(command)
                .redirectInput(input.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor()).as(Files.readString(output)).isZero();
        return Files.readString(output);
    }
}
