package dev.residual.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import dev.residual.data.Normalization;
import dev.residual.model.Architecture;
import dev.residual.model.Architecture.ShortcutKind;
import dev.residual.model.Parameter;
import dev.residual.model.ResNet;
import dev.residual.weights.ModelFile.Card;
import dev.residual.weights.Safetensors.NamedTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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
    private static ModelFile model(ShortcutKind shortcut, boolean bias, int n, long seed) {
        Architecture architecture = new Architecture(6 * n + 2, List.of(1, 2, 3), shortcut, bias, 2);
        Random random = new Random(seed);
        Map<String, NamedTensor> tensors = new LinkedHashMap<>();
        for (Parameter p : ResNet.of(architecture).parameters()) {
            byte[] data = new byte[(int) p.count() * Float.BYTES];
            random.nextBytes(data);
            tensors.put(p.name(), new NamedTensor("F32", p.shape(), data));
        }
        Normalization none = new Normalization(Normalization.Kind.NONE, new float[3], new float[] {1, 1, 1});
        return new ModelFile(
                new Card(Card.FORMAT, architecture, List.of("a", "b"), none, Map.of("iteration", "1234")), tensors);
    }

    /** Out and in again: the same network, to the bit, in either naming, and the same bytes a second time. */
    @Property(tries = 60)
    void roundTripsAreExact(
            @ForAll ShortcutKind shortcut,
            @ForAll boolean bias,
            @ForAll @IntRange(min = 1, max = 3) int n,
            @ForAll long seed)
            throws IOException {
        ModelFile model = model(shortcut, bias, n, seed);
        Naming naming = shortcut == ShortcutKind.ARTICLE && seed % 2 == 0 ? Naming.ARTICLE : Naming.COMMON;
        model.writePytorch(file, naming);
        byte[] bytes = Files.readAllBytes(file);
        Importer.Imported imported =
                Importer.read(file, Optional.of(model.card().architecture()));
        assertThat(imported.architecture()).isEqualTo(model.card().architecture());
        assertThat(imported.tensors().keySet())
                .containsExactlyElementsOf(model.tensors().keySet());
        model.tensors()
                .forEach((name, tensor) ->
                        assertThat(imported.tensors().get(name).data()).as(name).isEqualTo(tensor.data()));
        model.writePytorch(file, naming);
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Example
    void batchesAreCountedAsPytorchDoes() {
        model(ShortcutKind.ARTICLE, true, 1, 1).writePytorch(file, Naming.ARTICLE);
        Map<String, NamedTensor> tensors = PytorchFile.read(file).tensors();
        NamedTensor batches = tensors.get("ResNetModule.4.ResBlockModules.0.0.1.num_batches_tracked");
        assertThat(batches.dtype()).isEqualTo("I64");
        assertThat(batches.shape()).isEmpty();
        assertThat(batches.data()).startsWith(1234 & 0xff, 1234 >> 8).hasSize(8);
        assertThat(tensors).containsKey("ResNetModule.8.bias").containsKey("ResNetModule.5.poolLayer.0.bias");
    }

    @Example
    void numbersLieWhereTheyCanBeUsed() throws IOException {
        ModelFile model = model(ShortcutKind.A, false, 1, 5);
        model.writePytorch(file, Naming.COMMON);
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        String first = new String(model.tensors().get("conv1.weight").data(), StandardCharsets.ISO_8859_1);
        assertThat(text.indexOf(first)).isPositive().matches(at -> at % 64 == 0);
    }

    @Example
    void theArticlesNamesAreForTheArticlesNetwork() {
        assertThatThrownBy(() -> model(ShortcutKind.B, true, 1, 1).writePytorch(file, Naming.ARTICLE))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("resnet8-B");
    }
}
