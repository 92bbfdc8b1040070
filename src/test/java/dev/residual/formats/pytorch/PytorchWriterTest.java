package dev.residual.formats.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import dev.residual.data.Normalization;
import dev.residual.formats.Naming;
import dev.residual.formats.importing.Importer;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.model.Model;
import dev.residual.model.Models;
import dev.residual.model.Software;
import dev.residual.nn.Activation;
import dev.residual.nn.Architecture;
import dev.residual.nn.Logits;
import dev.residual.nn.Shortcut;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

class PytorchWriterTest {
    private static final Normalization NONE =
            new Normalization(Normalization.Kind.NONE, new float[3], new float[] {1, 1, 1});

    private Path file;

    @BeforeProperty
    void makeFile() throws IOException {
        file = Files.createTempFile("test", ".pth");
    }

    @AfterProperty
    void deleteFile() throws IOException {
        Files.delete(file);
    }

    /** A network whose numbers are any bits at all. */
    private static Model model(Shortcut shortcut, boolean bias, int n, long seed) {
        Architecture architecture = Architecture.of("resnet" + (6 * n + 2))
                .withShortcut(shortcut)
                .withWidths(List.of(1, 2, 3))
                .withConvBias(bias)
                .withClasses(2);
        Random random = new Random(seed);
        return Models.of(architecture, NONE, p -> {
            byte[] data = new byte[(int) p.count() * Float.BYTES];
            random.nextBytes(data);
            return new NamedTensor("F32", p.sizes(), data);
        });
    }

    /** Out and in again: the same network, to the bit, in either naming, and the same bytes a second time. */
    @Property(tries = 60)
    void roundTripsAreExact(
            @ForAll Shortcut shortcut,
            @ForAll boolean bias,
            @ForAll @IntRange(min = 1, max = 3) int n,
            @ForAll long seed)
            throws IOException {
        Model model = model(shortcut, bias, n, seed);
        Naming naming = shortcut == Shortcut.ARTICLE && seed % 2 == 0 ? Naming.ARTICLE : Naming.COMMON;
        PytorchWriter.write(model, naming, file);
        byte[] bytes = Files.readAllBytes(file);
        Importer.Imported imported = Importer.read(file, Optional.of(model.architecture()), Optional.empty());
        assertThat(imported.architecture()).isEqualTo(model.architecture());
        assertThat(imported.tensors().keySet())
                .containsExactlyElementsOf(model.tensors().keySet());
        model.tensors()
                .forEach((name, tensor) ->
                        assertThat(imported.tensors().get(name).data()).as(name).isEqualTo(tensor.data()));
        PytorchWriter.write(model, naming, file);
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Example
    void batchesAreCountedAsPytorchDoes() {
        PytorchWriter.write(model(Shortcut.ARTICLE, true, 1, 1), Naming.ARTICLE, file);
        Map<String, NamedTensor> tensors =
                PytorchFile.read(file, Optional.empty()).tensors();
        NamedTensor batches = tensors.get("ResNetModule.4.ResBlockModules.0.0.1.num_batches_tracked");
        assertThat(batches.dtype()).isEqualTo("I64");
        assertThat(batches.shape()).isEmpty();
        assertThat(batches.data()).startsWith(1234 & 0xff, 1234 >> 8).hasSize(8);
        assertThat(tensors).containsKey("ResNetModule.8.bias").containsKey("ResNetModule.5.poolLayer.0.bias");
    }

    /** The article as it is printed makes a second BN in each block and never calls it; PyTorch counts no batches there. */
    @Example
    void aBatchNormThatIsNeverCalledHasSeenNoBatches() {
        Architecture printed =
                Architecture.of("resnet8").withWidths(List.of(1, 2, 3)).withActivation(Activation.ARTICLE_LISTED);
        PytorchWriter.write(Models.random(printed, NONE, 1), Naming.COMMON, file);
        Map<String, NamedTensor> tensors =
                PytorchFile.read(file, Optional.empty()).tensors();
        assertThat(tensors.keySet().stream().filter(name -> name.endsWith("num_batches_tracked")))
                .isNotEmpty()
                .allSatisfy(
                        name -> assertThat(tensors.get(name).data()[0]).as(name).isEqualTo((byte)
                                (name.contains("bn2") ? 0 : 1_234)));
    }

    @Example
    void numbersLieWhereTheyCanBeUsed() throws IOException {
        Model model = model(Shortcut.A, false, 1, 5);
        PytorchWriter.write(model, Naming.COMMON, file);
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        String first = new String(model.tensors().get("conv1.weight").data(), StandardCharsets.ISO_8859_1);
        assertThat(text.indexOf(first)).isPositive().matches(at -> at % 64 == 0);
    }

    @Example
    void theArticlesNamesAreForTheArticlesNetwork() {
        assertThatThrownBy(() -> PytorchWriter.write(model(Shortcut.B, true, 1, 1), Naming.ARTICLE, file))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("resnet8-B");
        Model other = Models.random(Architecture.of("article8").withActivation(Activation.PRE_ACTIVATION), NONE, 1);
        assertThatThrownBy(() -> PytorchWriter.write(other, Naming.ARTICLE, file))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("pre-activation");
    }

    /** PyTorch's classes know nothing of it: what they compute has to be the same without. */
    @Property(tries = 12)
    void stochasticDepthIsInTheWeights(@ForAll Activation activation) {
        Architecture deep =
                Architecture.of("resnet8").withActivation(activation).withSurvival(0.5);
        Model model = Models.random(deep, NONE, 1);
        PytorchWriter.write(model, Naming.COMMON, file);
        Importer.Imported imported = Importer.read(file, Optional.of(deep.withSurvival(1)), Optional.empty());
        Model plain = imported.model(model.card().classes(), NONE, Software.now("none"));
        float[] images = new float[2 * 3072];
        Random random = new Random(1);
        for (int i = 0; i < images.length; i++) {
            images[i] = random.nextFloat();
        }
        assertThat(Logits.of(plain, images))
                .usingComparatorWithPrecision(1e-4f)
                .containsExactly(Logits.of(model, images));
    }
}
