package dev.residual.cli;

import static dev.residual.cli.Result.assertRefused;
import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.formats.pytorch.Fixtures;
import dev.residual.model.Model;
import dev.residual.model.ModelFile;
import dev.residual.predict.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    @Test
    void wrongUsageIsTwo() {
        Path out = folder.resolve("never");
        assertRefused(run("import", weights), 2, "--output");
        assertRefused(run("import", weights, "--output", out, "--mean", ".5,.5,.5"), 2, "belong together");
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
}
