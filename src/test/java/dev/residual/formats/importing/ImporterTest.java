package dev.residual.formats.importing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.residual.AtomicFile;
import dev.residual.ResidualException;
import dev.residual.data.Normalization;
import dev.residual.formats.Naming;
import dev.residual.formats.importing.Importer.Imported;
import dev.residual.formats.importing.Importer.Match;
import dev.residual.formats.pytorch.Fixtures;
import dev.residual.formats.pytorch.TorchBytes;
import dev.residual.formats.safetensors.Safetensors;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.model.Model;
import dev.residual.model.ModelFile;
import dev.residual.model.Provenance;
import dev.residual.model.Software;
import dev.residual.nn.Architecture;
import dev.residual.nn.Logits;
import dev.residual.nn.Shortcut;
import dev.residual.tensor.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImporterTest {
    private static final List<Integer> WIDTHS = List.of(4, 6, 8);
    private static final Architecture PLAIN_A = Architecture.of("resnet8")
            .withShortcut(Shortcut.A)
            .withWidths(WIDTHS)
            .withClasses(5);
    private static final Normalization NONE =
            new Normalization(Normalization.Kind.NONE, new float[3], new float[] {1, 1, 1});

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        Engine.start(1);
    }

    private static Imported read(String fixture) {
        return read(Fixtures.file(fixture), Optional.empty());
    }

    private static Imported read(Path file, Optional<Architecture> asked) {
        return Importer.read(file, asked, Optional.empty());
    }

    private static Model model(Imported imported) {
        return imported.model(List.of("a", "b", "c", "d", "e"), NONE, new Software("1", "2", "3", "4", "5", "6"));
    }

    private static float[] logits(Model model) {
        return Logits.of(model, Fixtures.floats("input.f32"));
    }

    /** What the tensors say of the network, and that it computes what PyTorch computed. */
    @ParameterizedTest
    @CsvSource({
        "plain-a, 8, A, false, COMMON",
        "linear-b, 8, B, false, COMMON",
        "fc-c, 8, C, true, COMMON",
        "deep, 14, A, false, COMMON",
        "article, 8, ARTICLE, true, ARTICLE"
    })
    void theNetworkIsToldAndComputesAsInPytorch(String name, int depth, Shortcut shortcut, boolean bias, Match match) {
        Imported imported = read(name + ".pth");
        assertThat(imported.architecture())
                .isEqualTo(Architecture.of("resnet" + (depth))
                        .withShortcut(shortcut)
                        .withWidths(WIDTHS)
                        .withConvBias(bias)
                        .withClasses(5));
        assertThat(imported.match()).isEqualTo(match);
        float[] ours = logits(model(imported));
        float[] theirs = Fixtures.floats(name + ".logits");
        assertThat(ours).hasSameSizeAs(theirs).containsExactly(theirs, within(1e-4f));
    }

    /** Under names that nobody knows, order and shapes tell the same network. */
    @ParameterizedTest
    @ValueSource(strings = {"order.pth", "numbered.pth"})
    void unknownNamesAreMatchedByOrder(String name) {
        Imported imported = read(name);
        assertThat(imported.match()).isEqualTo(Match.ORDER);
        assertThat(imported.architecture()).isEqualTo(PLAIN_A);
        assertSame(imported, read("plain-a.pth"));
        assertThat(imported.places()).containsEntry("conv1.weight", name.equals("order.pth") ? "part.0.weight" : "p0");
    }

    private static void assertSame(Imported one, Imported other) {
        assertThat(one.tensors().keySet())
                .containsExactlyElementsOf(other.tensors().keySet());
        one.tensors()
                .forEach((name, tensor) -> assertThat(tensor.data())
                        .as(name)
                        .isEqualTo(other.tensors().get(name).data()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"legacy.th", "wrapped-net.pth", "wrapped-model.pth", "wrapped-parameters.pth", "views.pth"})
    void wrappingsAndPrefixesMakeNoDifference(String name) {
        assertSame(read(name), read("plain-a.pth"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"float64.pth", "float16-legacy.pth", "bfloat16.pth"})
    void otherTypesBecomeFloat32(String name) {
        Imported imported = read(name);
        assertThat(imported.tensors().values()).allMatch(t -> t.dtype().equals("F32"));
        assertThat(logits(model(imported))).containsExactly(Fixtures.floats("plain-a.logits"), within(0.1f));
    }

    /** An optimizer, numpy's numbers, a Namespace, a date, sets, a random state: left unread beside the weights. */
    @ParameterizedTest
    @CsvSource({
        "checkpoint-numpy.pth, state_dict",
        "checkpoint.pth, model",
        "checkpoint-legacy.pth, model",
        "checkpoint-protocol4.pth, model"
    })
    void whatElseACheckpointHoldsIsNotRead(String name, String key) {
        Imported imported = read(name);
        assertSame(imported, read("plain-a.pth"));
        assertThat(imported.key()).isEqualTo(key);
        assertThat(imported.candidates()).containsExactly(key);
        assertThat(model(imported).card().provenance().imported().orElseThrow().key())
                .isEqualTo(key);
    }

    @Test
    void ofTwoSetsOfWeightsTheUsualOneIsTakenOrTheOneAskedFor() {
        Imported imported = read("two.pth");
        assertThat(imported.key()).isEqualTo("state_dict");
        assertThat(imported.candidates()).containsExactly("state_dict", "ema_state_dict");
        assertSame(imported, read("plain-a.pth"));
        Imported average = Importer.read(Fixtures.file("two.pth"), Optional.empty(), Optional.of("ema_state_dict"));
        float before = imported.tensors().get("fc.bias").floats()[0];
        assertThat(average.tensors().get("fc.bias").floats()[0]).isEqualTo(before + 1);
    }

    @Test
    void aKeyThatIsNotThereIsToldWithThoseThatAre() {
        assertThatThrownBy(() -> Importer.read(Fixtures.file("two.pth"), Optional.empty(), Optional.of("ema")))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("no weights under 'ema', but under 'state_dict', 'ema_state_dict'");
        Path file = write(plainTensors());
        assertThatThrownBy(() -> Importer.read(file, Optional.empty(), Optional.of("ema")))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("has no keys");
    }

    /** Nobody can tell which is meant. */
    @Test
    void severalKeysThatAreNotUsualAreListed() throws IOException {
        TorchBytes pickle = TorchBytes.pickle().raw("}");
        for (String key : List.of("teacher", "student")) {
            pickle.text(key)
                    .raw("}")
                    .text("w")
                    .tensor("0", 6, 0, new long[] {6}, new long[] {1})
                    .raw("ss");
        }
        Path file = Files.write(
                folder.resolve("x.pth"), TorchBytes.zip(pickle.raw(".").bytes(), new byte[24]));
        assertThatThrownBy(() -> read(file, Optional.empty()))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("has weights under 'teacher', 'student': choose with --key");
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.", "net.", "backbone.", "module.model.", "a.b.c.", "layer1."})
    void aPrefixBeforeKnownNamesIsTakenOff(String prefix) {
        Map<String, NamedTensor> prefixed = new TreeMap<>();
        plainTensors().forEach((name, tensor) -> prefixed.put(prefix + name, tensor));
        Imported imported = read(write(prefixed), Optional.empty());
        assertThat(imported.match()).isEqualTo(Match.COMMON);
        assertSame(imported, read("plain-a.pth"));
    }

    /** SWA's averaged model counts its averages outside of the prefix. */
    @Test
    void whatIsCountedHasNoPrefix() {
        Map<String, NamedTensor> prefixed = new LinkedHashMap<>();
        prefixed.put("n_averaged", new NamedTensor("I64", new long[0], new byte[8]));
        plainTensors().forEach((name, tensor) -> prefixed.put("module." + name, tensor));
        assertSame(read(write(prefixed), Optional.empty()), read("plain-a.pth"));
    }

    @Test
    void weightsThatAreNotNumbersAreCountedAndNamed() {
        Map<String, NamedTensor> tensors = plainTensors();
        tensors.put("bn1.running_var", NamedTensor.of(new float[] {1, Float.NaN, Float.POSITIVE_INFINITY, 2}, 4));
        tensors.put("fc.bias", NamedTensor.of(new float[] {Float.NEGATIVE_INFINITY, 1, 2, 3, 4}, 5));
        Imported imported = read(write(tensors), Optional.empty());
        assertThatThrownBy(() -> model(imported))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("changed.safetensors: 2 of the 4 values of 'bn1.running_var' are NaN or infinite"
                        + " (and values of 1 other tensors)");
    }

    @Test
    void weightsThatAreMadeInAnUnknownWayAreRefused() {
        assertThatThrownBy(() -> read("quantized.pth"))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("its 'fc.weight' names 'torch.");
        assertThatThrownBy(() -> read("whole-inside.pth"))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("its 'net' names 'torch.nn.modules.container.Sequential'");
    }

    @Test
    void whatIsNoFileOfWeightsIsCalledByItsName() throws IOException {
        Path pointer = Files.writeString(
                folder.resolve("resnet20.th"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
        Path page = Files.writeString(folder.resolve("resnet20.safetensors"), "\n<!DOCTYPE html>\n<html>\n");
        for (Path file : List.of(pointer, page)) {
            String name = file == pointer ? " is a Git LFS pointer" : " is an HTML page";
            assertThatThrownBy(() -> read(file, Optional.empty()))
                    .isInstanceOf(ResidualException.class)
                    .hasMessageContaining(file + name);
            assertThatThrownBy(() -> ModelFile.read(file))
                    .isInstanceOf(ResidualException.class)
                    .hasMessageContaining(file + name);
        }
        for (String weights : List.of("legacy.th", "plain-a.pth")) {
            assertThatThrownBy(() -> ModelFile.read(Fixtures.file(weights)))
                    .isInstanceOf(ResidualException.class)
                    .hasMessageContaining("is a PyTorch file")
                    .hasMessageContaining("residual import");
        }
    }

    @Test
    void aWholeNetworkIsRefusedByItsClass() {
        assertThatThrownBy(() -> read("whole.pth"))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("names 'torch.nn.modules.container.Sequential'")
                .hasMessageContaining("state_dict");
    }

    @Test
    void anotherArchitectureThanTheTensorsIsContradicted() {
        assertRefused(
                "linear-b.pth", PLAIN_A, "resnet8-w4x6x8 was asked for, but its tensors are those of resnet8-B-w4x6x8");
        assertRefused(
                "deep.pth", PLAIN_A, "resnet8-w4x6x8 was asked for, but its tensors are those of resnet14-w4x6x8");
        assertRefused("plain-a.pth", Architecture.of("resnet8"), "resnet8 was asked for");
        assertRefused("article.pth", PLAIN_A, "those of article8-w4x6x8 with 5 classes");
        assertRefused("order.pth", Architecture.of("resnet20"), "resnet20 was asked for");
        // Shortcut A has no weights: nothing contradicts a plain network, nor tells it.
        Architecture plain =
                Architecture.of("resnet8").withShortcut(Shortcut.NONE).withWidths(WIDTHS);
        assertThat(read(Fixtures.file("plain-a.pth"), Optional.of(plain)).architecture())
                .isEqualTo(Architecture.of("resnet8")
                        .withShortcut(Shortcut.NONE)
                        .withWidths(WIDTHS)
                        .withClasses(5));
    }

    private static void assertRefused(String fixture, Architecture asked, String sentence) {
        assertThatThrownBy(() -> read(Fixtures.file(fixture), Optional.of(asked)))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(sentence);
    }

    private Path write(Map<String, NamedTensor> tensors) {
        Path file = folder.resolve("changed.safetensors");
        AtomicFile.write(file, new Safetensors(Map.of(), tensors)::write);
        return file;
    }

    private static Map<String, NamedTensor> plainTensors() {
        return new LinkedHashMap<>(read("plain-a.pth").tensors());
    }

    /** One error lists all that is wrong, by name and shape, whether the architecture is asked for or not. */
    @Test
    void whatDoesNotFitIsListed() {
        Map<String, NamedTensor> tensors = plainTensors();
        tensors.remove("layer2.0.bn1.bias");
        tensors.remove("conv1.weight");
        tensors.put("layer1.0.downsample.0.weight", NamedTensor.of(new float[9], 1, 1, 3, 3));
        tensors.put("fc.weight", NamedTensor.of(new float[35], 5, 7));
        for (Optional<Architecture> asked : List.of(Optional.<Architecture>empty(), Optional.of(PLAIN_A))) {
            assertThatThrownBy(() -> read(write(tensors), asked))
                    .isInstanceOf(ResidualException.class)
                    .hasMessageContaining("missing: conv1.weight [4×3×3×3]; layer2.0.bn1.bias [6]")
                    .hasMessageContaining("left over: layer1.0.downsample.0.weight [1×1×3×3]")
                    .hasMessageContaining("of another shape: fc.weight [5×7], expected [5×8]");
        }
    }

    @Test
    void byOrderTooWhatDoesNotFitIsListed() {
        Map<String, NamedTensor> tensors = new LinkedHashMap<>();
        plainTensors().forEach((name, tensor) -> tensors.put("z" + (1000 - tensors.size()), tensor));
        tensors.put("z1001", NamedTensor.of(new float[3], 3));
        assertThatThrownBy(() -> read(write(tensors), Optional.empty()))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("left over: z1001 [3]");
        tensors.keySet().removeAll(List.of("z1000", "z1001"));
        assertThatThrownBy(() -> read(write(tensors), Optional.of(PLAIN_A)))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("by order and shape")
                .hasMessageContaining("missing: fc.bias [5]")
                .hasMessageContaining("z999 [4], expected [4×3×3×3] for conv1.weight");
    }

    @Test
    void sortedNamesThatAreNotKnownTellNothing() {
        Map<String, NamedTensor> sorted = new TreeMap<>();
        Imported imported = read("order.pth");
        imported.places()
                .forEach((ours, name) -> sorted.put(name, imported.tensors().get(ours)));
        assertThatThrownBy(() -> read(write(sorted), Optional.empty()))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("sorted by name");
    }

    @Test
    void sortedNamesThatAreKnownAreNoTrouble() {
        assertSame(read(write(new TreeMap<>(plainTensors())), Optional.empty()), read("plain-a.pth"));
    }

    @Test
    void theModelSaysWhereItIsFrom() {
        Provenance.Imported from =
                model(read("legacy.th")).card().provenance().imported().orElseThrow();
        assertThat(from.file()).isEqualTo("legacy.th");
        assertThat(from.layout()).isEqualTo("PyTorch legacy");
        assertThat(from.matchedBy()).isEqualTo("the common names");
        assertThat(from.sha256()).matches("[0-9a-f]{64}");
    }

    /** Our names, the article's and back. */
    @Test
    void theArticlesNamesAreReversible() {
        List<String> names = new ArrayList<>(read("article.pth").places().keySet());
        assertThat(names).hasSize(7 * 6 + 2 * 2 + 2);
        names.forEach(name -> assertThat(Naming.ours(Naming.ARTICLE.of(name))).isEqualTo(name));
    }

    @Test
    void theNamesWithLinearAreReversible() {
        List<String> names = new ArrayList<>(read("fc-c.pth").places().keySet());
        assertThat(Naming.LINEAR.of("fc.bias")).isEqualTo("linear.bias");
        assertThat(Naming.LINEAR.of("layer1.0.downsample.1.weight")).isEqualTo("layer1.0.shortcut.1.weight");
        names.forEach(name -> assertThat(Naming.ours(Naming.LINEAR.of(name))).isEqualTo(name));
    }
}
