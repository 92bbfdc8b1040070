package dev.residual.cli;

import static dev.residual.cli.Result.assertRefused;
import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Json;
import dev.residual.data.Normalization;
import dev.residual.formats.pytorch.Fixtures;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.graph.Shape;
import dev.residual.model.Model;
import dev.residual.model.ModelFile;
import dev.residual.model.Models;
import dev.residual.nn.Activation;
import dev.residual.nn.Architecture;
import dev.residual.predict.TinyModel;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights in and out on the command line. */
class ImportExportTest {
    @TempDir
    static Path folder;

    private static Path weights;
    private static Path article;

    @BeforeAll
    static void copyFixtures() throws IOException {
        weights = copy("legacy.th");
        article = copy("article.pth");
    }

    private static Path copy(String name) throws IOException {
        return Files.copy(Fixtures.file(name), folder.resolve(name));
    }

    /** In, out as PyTorch and safetensors, in again: the same bits. */
    @Test
    void inAndOutAndInAgain() throws IOException {
        Path model = folder.resolve("model.safetensors");
        Result imported = run(
                "import",
                weights,
                "--architecture",
                "resnet8",
                "--widths",
                "4,6,8",
                "--output",
                model,
                "--mean",
                ".485,.456,.406",
                "--std",
                ".229,.224,.225",
                "--classes",
                "a,b,c,d,e");
        assertThat(imported.code()).as(imported.err()).isZero();
        assertThat(imported.err()).isEmpty();
        assertThat(imported.out()).contains("resnet8-w4x6x8 with 5 classes").contains("PyTorch legacy");
        Model read = Model.load(model);
        assertThat(read.card().classes()).containsExactly("a", "b", "c", "d", "e");
        assertThat(read.card().normalization().mean()).containsExactly(.485f, .456f, .406f);
        assertThat(read.card().normalization().std()).containsExactly(.229f, .224f, .225f);
        assertThat(read.card().provenance().imported().orElseThrow().file()).isEqualTo("legacy.th");

        Path safetensors = folder.resolve("again.safetensors");
        assertThat(run("export", model, "--format", "safetensors", "--output", safetensors)
                        .code())
                .isZero();
        assertThat(Files.mismatch(model, safetensors)).isEqualTo(-1);

        Path pth = folder.resolve("model.pth");
        assertThat(run("export", model, "--format", "pth", "--output", pth).out())
                .contains("resnet8-w4x6x8 as pth");
        Files.delete(folder.resolve("model.json")); // which says what the weights do not
        Path back = folder.resolve("back.safetensors");
        Result again = run("import", pth, "--output", back, "--verbose");
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(again.out()).contains("layer3.0.conv2.weight                [8×8×3×3]        layer3.0.conv2.weight");
        assertThat(again.err())
                .contains("assumed: --mean 0.4914,0.4822,0.4465 --std 0.247,0.2435,0.2616")
                .contains("they are numbered");
        Model.load(back)
                .tensors()
                .forEach((name, tensor) -> assertThat(tensor.data())
                        .isEqualTo(read.tensors().get(name).data()));
    }

    /** A file of this program keeps what it says of itself. */
    @Test
    void ourOwnFilesKeepTheirCard() {
        Path model = folder.resolve("own.safetensors");
        assertThat(run("import", article, "--output", model, "--classes", "v,w,x,y,z")
                        .err())
                .contains("assumed: --mean 0.0,0.0,0.0 --std 1.0,1.0,1.0");
        Path again = folder.resolve("own-again.safetensors");
        assertThat(run("import", model, "--output", again).err()).isEmpty();
        assertThat(ModelFile.read(again).card().classes()).containsExactly("v", "w", "x", "y", "z");
        Path pth = folder.resolve("own.pth");
        assertThat(run("export", model, "--format", "pth", "--naming", "article", "--output", pth)
                        .code())
                .isZero();
        assertThat(run("import", pth, "--output", again).out()).contains("by the article's names");
    }

    /** What tensors do not tell: where its ReLUs are, stochastic depth, the size of its images. */
    @Test
    void ourOwnFilesKeepTheirNetwork() {
        Architecture unusual = Architecture.of("resnet8")
                .withActivation(Activation.NO_LAST_RELU)
                .withSurvival(0.5)
                .withImage(new Shape(3, 16, 16));
        Path model = folder.resolve("unusual.safetensors");
        Normalization none = new Normalization(Normalization.Kind.NONE, new float[3], new float[] {1, 1, 1});
        Models.random(unusual, none, 1).save(model);
        Path again = folder.resolve("unusual-again.safetensors");
        assertThat(run("import", model, "--output", again).err()).isEmpty();
        assertThat(Model.load(again).architecture()).isEqualTo(unusual);
    }

    @Test
    void ofTwoSetsOfWeightsItIsSaidWhichWasTaken() throws IOException {
        Path two = copy("two.pth");
        Path out = folder.resolve("of-two.safetensors");
        Result usual = run("import", two, "--output", out);
        assertThat(usual.err())
                .contains("has weights under state_dict, ema_state_dict: using those under state_dict (--key"
                        + " selects others)");
        Result asked = run("import", two, "--key", "ema_state_dict", "--output", out);
        assertThat(asked.err()).doesNotContain("has weights under");
        assertThat(asked.out()).contains("(PyTorch zip, ema_state_dict, by the common names)");
        assertThat(ModelFile.read(out)
                        .card()
                        .provenance()
                        .imported()
                        .orElseThrow()
                        .key())
                .isEqualTo("ema_state_dict");
    }

    /** Only the file itself says what PyTorch's classes must be given. */
    @Test
    void besideWeightsForPytorchLiesWhatTheInputsMustBe() throws IOException {
        Path model = folder.resolve("with-mean.safetensors");
        TinyModel.of(3).save(model);
        Path pth = folder.resolve("with-mean.pth");
        Path inputs = folder.resolve("with-mean.json");
        Result result = run("export", model, "--format", "pth", "--naming", "linear", "--output", pth);
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("Its inputs: 3×32×32 RGB, value / 255, minus ")
                .contains(inputs.toString());
        JsonNode json = Json.tree(Files.readString(inputs), "inputs");
        assertThat(json.get("size").toString()).isEqualTo("[3,32,32]");
        assertThat(json.get("channels").asText()).isEqualTo("RGB");
        assertThat(json.get("mean")).hasSize(3);
        assertThat(json.get("std").get(0).get(0)).hasSize(1);
        assertThat(json.get("classes")).hasSize(4);
        assertThat(run("export", model, "--format", "pth", "--output", pth).code())
                .isZero();

        Path other = Files.writeString(folder.resolve("other.json"), "{\"mine\":1}");
        assertRefused(
                run("export", model, "--format", "pth", "--output", folder.resolve("other.pth")),
                1,
                other + " would be overwritten");
        assertThat(other).hasContent("{\"mine\":1}");
        assertThat(folder.resolve("other.pth")).doesNotExist();
    }

    /** Neither an accuracy nor JSON's missing NaN is made of weights that are no numbers. */
    @Test
    void aModelThatIsNotFiniteIsRefused() throws IOException {
        Model model = TinyModel.of(3);
        Path file = folder.resolve("not-finite.safetensors");
        Map<String, NamedTensor> tensors = new LinkedHashMap<>(model.tensors());
        tensors.put("fc.bias", NamedTensor.of(new float[] {0, Float.NaN, 1, 2}, 4));
        new Model(model.card(), tensors).save(file);
        Path image = folder.resolve("image.png");
        ImageIO.write(new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB), "png", image.toFile());
        for (Object[] command : new Object[][] {
            {"evaluate", file, "--dataset", "shapes", "--json"},
            {"predict", file, image, "--json"},
            {"import", file, "--output", folder.resolve("never")},
            {"train", "--dataset", "shapes", "--from", file}
        }) {
            assertRefused(run(command), 1, "1 of the 4 values of 'fc.bias' are NaN or infinite");
        }
        tensors.put("fc.bias", NamedTensor.of(filled(3e38f, 4), 4));
        tensors.put("fc.weight", NamedTensor.of(filled(3e38f, 4 * 8), 4, 8));
        new Model(model.card(), tensors).save(file);
        assertRefused(run("predict", file, image, "--json"), 1, "NaN or infinite");
    }

    private static float[] filled(float value, int n) {
        float[] values = new float[n];
        Arrays.fill(values, value);
        return values;
    }

    @Test
    void weightsOfPytorchAreToImport() {
        Path image = folder.resolve("any.png");
        assertRefused(run("evaluate", weights), 1, "'residual import' makes a model file of it");
        assertRefused(run("predict", weights, image), 1, "is a PyTorch file");
        assertRefused(run("train", "--from", article, "--dataset", "shapes"), 1, "is a PyTorch file");
    }

    @Test
    void wrongUsageIsTwo() {
        Path out = folder.resolve("never");
        assertRefused(run("import", weights), 2, "--output");
        assertRefused(run("import", weights, "--output", out, "--mean", ".5,.5,.5"), 2, "must be given together");
        assertRefused(
                run("import", weights, "--output", out, "--mean", "125,123,114", "--std", "63,62,67"),
                2,
                "value / 255");
        assertRefused(run("import", weights, "--output", out, "--widths", "4,6,8"), 2, "--architecture");
        assertRefused(run("import", weights, "--output", out, "--dataset", "mnist"), 2, "expected cifar10");
        assertRefused(run("export", weights, "--format", "onyx", "--output", out), 2, "[safetensors, pth");
        assertRefused(
                run("export", weights, "--format", "safetensors", "--naming", "article", "--output", out),
                2,
                "--naming");
        assertThat(out).doesNotExist();
    }

    @Test
    void whatCannotBeIsOne() {
        Path out = folder.resolve("never");
        assertRefused(run("import", folder.resolve("none.pth"), "--output", out), 1, "no such file");
        assertRefused(
                run("import", weights, "--output", out, "--dataset", "cifar10"),
                1,
                "10 class names, but the network has 5");
        assertRefused(
                run("import", weights, "--output", out, "--architecture", "resnet20"), 1, "resnet20 was asked for");
        assertRefused(run("export", weights, "--format", "pth", "--output", out), 1, "not a safetensors file");
        assertThat(out).doesNotExist();
    }

    @Test
    void exportWritesOnnx() {
        Path model = folder.resolve("tiny.safetensors");
        TinyModel.of(3).save(model);
        Path file = folder.resolve("tiny.onnx");
        Result result = run("export", model, "--format", "onnx", "--normalize-inside", "--fold", "--output", file);
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(file).isNotEmptyFile();
        assertRefused(run("export", model, "--format", "onxn", "--output", "x"), 2, "onnx");
        assertRefused(run("export", model, "--format", "onnx"), 2, "--output");
    }

    /** The normalisation, the classes, the size of the images, and that it is a plain network, which the tensors do not say. */
    @Test
    void whatExportWroteBesideTheWeightsComesBack() throws IOException {
        Path run = folder.resolve("plain");
        Result trained = run(
                "train",
                "--dataset",
                "shapes",
                "--data",
                folder,
                "--architecture",
                "plain8",
                "--iterations",
                2,
                "--output",
                run);
        assertThat(trained.code()).as(trained.err()).isZero();
        Path pth = folder.resolve("plain.pth");
        assertThat(run("export", run, "--format", "pth", "--output", pth).code())
                .isZero();
        Path back = folder.resolve("plain.safetensors");
        Result imported = run("import", pth, "--output", back);
        assertThat(imported.code()).as(imported.err()).isZero();
        assertThat(imported.err())
                .isEqualToIgnoringNewLines("Unless an option overrides them, normalisation and classes are those"
                        + " of "
                        + folder.resolve("plain.json"));
        Model before = Model.load(run.resolve("model.safetensors"));
        Model after = Model.load(back);
        assertThat(after.architecture()).isEqualTo(before.architecture());
        assertThat(after.card().classes()).isEqualTo(before.card().classes());
        assertThat(after.card().normalization().kind())
                .isEqualTo(before.card().normalization().kind());
        assertThat(after.card().normalization().mean())
                .isEqualTo(before.card().normalization().mean());

        String described = Files.readString(folder.resolve("plain.json"));
        // A stale file, or a name of more than a family and a depth: taken is what the tensors have, with a warning.
        Path json = folder.resolve("plain.json");
        Files.writeString(json, Files.readString(json).replace("\"plain8\"", "\"resnet8-no-last-relu\""));
        Result inferred = run("import", pth, "--output", back);
        assertThat(inferred.code()).as(inferred.err()).isZero();
        assertThat(inferred.err())
                .contains(
                        json + " says that the network is resnet8-no-last-relu, but what its tensors tell is resnet8");
        Files.writeString(json, "{}");
        assertThat(run("import", pth, "--output", back).err())
                .contains(json + " is ignored, since it is no input description", "assumed: --mean");
        for (String wrong : List.of("\"NaN\"", "1e39")) {
            Files.writeString(json, described.replaceFirst("\"std\" : \\[ \\[ \\[ [^ ]+", "\"std\" : [ [ [ " + wrong));
            assertThat(run("import", pth, "--output", back).err()).as(wrong).contains(json + " is ignored");
        }
        Files.writeString(json, described.replace("\"circle\"", "null"));
        assertThat(run("import", pth, "--output", back).err()).contains(json + " is ignored");
    }

    /** NAME.pth and NAME.th would share NAME.json. */
    @Test
    void aDescriptionOfOtherWeightsIsNotOverwritten() throws IOException {
        Path first = folder.resolve("one.safetensors");
        TinyModel.of(3).save(first);
        assertThat(run("export", first, "--format", "pth", "--output", folder.resolve("shared.th"))
                        .code())
                .isZero();
        Path second = folder.resolve("two.safetensors");
        assertThat(run("import", weights, "--output", second).code()).isZero();
        Result refused = run("export", second, "--format", "pth", "--output", folder.resolve("shared.pth"));
        assertRefused(refused, 1, "shared.json describes the inputs of");
        assertThat(folder.resolve("shared.pth")).doesNotExist();
        assertThat(run("export", first, "--format", "pth", "--output", folder.resolve("shared.pth"))
                        .code())
                .isZero();
    }
}
