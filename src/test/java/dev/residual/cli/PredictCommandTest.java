package dev.residual.cli;

import static dev.residual.cli.Result.assertRefused;
import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Json;
import dev.residual.predict.TinyModel;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
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
        assertRefused(run("predict", folder + "/nothing", red), 1, "nor a pretrained model");
        assertRefused(run("predict", "resnet21", red), 1, "nor a pretrained model");
        Path empty = Files.createDirectories(folder.resolve("empty"));
        assertRefused(run("predict", model, empty.toString()), 1, "has no .jpg");
    }

    /** Names that the command line, the file system or the terminal might take for something else. */
    @Test
    void filesMayBeCalledAnything() throws IOException {
        String model = model().toString();
        Path at = image("names/@x.png", 0x20);
        Files.copy(at, folder.resolve("names/\033[31mred\u009b\n.png"));
        Files.write(folder.resolve("names/._@x.png"), new byte[] {0, 5, 0x16, 7});
        assertThat(run("predict", model, folder + "/names").out().lines())
                .satisfiesExactly(
                        line -> assertThat(line).startsWith(folder + "/names/?[31mred??.png:  class "),
                        line -> assertThat(line).startsWith(at + ":  class "));
        Result none = run("predict", model, folder + "/no\033]2;title\007.png");
        assertRefused(none, 1, "cannot read " + folder + "/no?]2;title?.png: no such file or directory");
        assertRefused(run("predict", model, folder + "/names/._@x.png"), 1, "not an image that can be read");
        assertRefused(run("predict", model, "a\0.png"), 1, "no file can have this name");
        assertRefused(run("predict", "@none", at), 1, "nor a pretrained model");
    }

    /** Some files ask for two gigabytes, are cut short, or are no files at all. */
    @Test
    void aBadFileLosesNoOther() throws IOException {
        Path pictures = Files.createDirectories(folder.resolve("bad"));
        byte[] bmp = new byte[64];
        ByteBuffer.wrap(bmp)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("BM".getBytes())
                .putInt(10, 54)
                .putInt(14, 40)
                .putInt(18, 32)
                .putInt(22, 32)
                .putInt(30, 5)
                .putInt(34, Integer.MAX_VALUE);
        Files.write(pictures.resolve("1.bmp"), bmp);
        Files.createDirectory(pictures.resolve("2.jpg"));
        byte[] png = Files.readAllBytes(image("bad/3.png", 0x20));
        Files.write(pictures.resolve("4.png"), Arrays.copyOf(png, png.length - 1));
        Result result = run("predict", "--json", model(), pictures, folder + "/none.png", pictures.resolve("3.png"));
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err())
                .hasLineCount(4)
                .contains("1.bmp: cannot be", "2.jpg: ", "4.png: cannot be", "/none.png: no");
        assertThat(Json.tree(result.out(), "output").findValuesAsText("file"))
                .containsExactly(pictures + "/3.png", pictures + "/3.png");
    }

    /** In a locale without their letters, files of a directory are read and named all the same; memory may be short. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aPoorLocaleAndLittleMemory() throws IOException, InterruptedException {
        Path picture = image("poor/a.png", 0x20);
        String copy =
                "cp a.png \"$(printf 'Gr\\303\\266\\303\\237e.png')\" && cp a.png \"$(printf 'Gr\\303\\274\\303\\237e.png')\"";
        assertThat(new ProcessBuilder("sh", "-c", copy)
                        .directory(picture.getParent().toFile())
                        .start()
                        .waitFor())
                .isZero();
        BufferedImage large = new BufferedImage(8192, 8192, BufferedImage.TYPE_BYTE_BINARY);
        ImageIO.write(large, "gif", picture.resolveSibling("large.gif").toFile());
        ProcessBuilder command = command(
                "-Xmx64m",
                "predict",
                "--json",
                model().toString(),
                picture.getParent().toString());
        command.environment().put("LC_ALL", "C");
        Path errors = folder.resolve("errors.txt");
        Process process = command.redirectError(errors.toFile()).start();
        String json = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(Json.tree(json, "output").findValuesAsText("file"))
                .containsExactly(
                        picture.getParent() + "/Gr\u00f6\u00dfe.png",
                        picture.getParent() + "/Gr\u00fc\u00dfe.png",
                        picture.toString());
        assertThat(errors).content().contains("large.gif: there is not enough memory to decode it");
    }

    /** Without MODEL, with standard input, and by its name. */
    @Test
    void aShippedModelIsUsedByItsName() throws IOException, InterruptedException {
        Path red = image("one.png", 0x200000);
        String implied = process(red, "predict", "-");
        assertThat(implied).matches("(?s)-:  (airplane|automobile|bird|cat|deer|dog|frog|horse|ship|truck) .*");
        assertThat(process(red, "predict", "resnet20", red.toString())).isEqualTo(red + implied.substring(1));
        assertThat(process(red, "models"))
                .startsWith("resnet20   91.69 % on cifar10, 269,722 parameters\n"
                        + "           paper, 64,000 iterations, bf16, seed 1, 2026-11-27, version 0.1.0\n");
        Path exported = folder.resolve("out.onnx");
        process(red, "export", "resnet20", "--format", "onnx", "--output", exported.toString());
        assertThat(exported).isNotEmptyFile();
    }

    private static String process(Path input, String... args) throws IOException, InterruptedException {
        Path output = folder.resolve("process.txt");
        Process process = command("-Xmx2g", args)
                .redirectInput(input.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor()).as(Files.readString(output)).isZero();
        return Files.readString(output);
    }

    private static ProcessBuilder command(String heap, String... args) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                heap,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command);
    }
}
