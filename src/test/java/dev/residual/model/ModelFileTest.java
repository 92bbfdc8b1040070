package dev.residual.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import dev.residual.data.Normalization;
import dev.residual.formats.safetensors.Safetensors;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.model.Model.Card;
import dev.residual.nn.Architecture;
import dev.residual.nn.Initialization;
import dev.residual.nn.Shortcut;
import dev.residual.nn.Weights;
import dev.residual.predict.BuiltInModels;
import dev.residual.recipe.Recipe;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFileTest {
    private static final Architecture ARCHITECTURE = Architecture.of("resnet8")
            .withShortcut(Shortcut.B)
            .withWidths(List.of(4, 8, 8))
            .withConvBias(true)
            .withClasses(3);
    private static final Card CARD = new Card(
            ARCHITECTURE,
            List.of("a", "b", "c"),
            new Normalization(
                    Normalization.Kind.CHANNEL, new float[] {.4914f, .4822f, .4465f}, new float[] {.247f, .2435f, .2616f
                    }),
            Provenance.UNKNOWN);

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        Engine.start(1);
    }

    private static Model model() {
        try (Weights weights = Initialization.he(ARCHITECTURE.graph(), 1, Device.CPU)) {
            return Model.of(CARD, weights);
        }
    }

    private Path write(String metadata, Map<String, NamedTensor> tensors) {
        Path file = folder.resolve("changed.safetensors");
        dev.residual.AtomicFile.write(file, new Safetensors(Map.of("residual", metadata), tensors)::write);
        return file;
    }

    @Test
    void itTellsAllThatIsNeededAndItsNumbersToTheBit() throws IOException {
        Path file = folder.resolve("model.safetensors");
        Model written = model();
        written.save(file);
        Model read = Model.load(file);
        assertThat(read.card().architecture()).isEqualTo(ARCHITECTURE);
        assertThat(read.card().classes()).containsExactly("a", "b", "c");
        assertThat(read.card().normalization().mean()).containsExactly(.4914f, .4822f, .4465f);
        assertThat(read.card().provenance()).isEqualTo(Provenance.UNKNOWN);
        written.tensors()
                .forEach((name, tensor) -> assertThat(read.floats(name)).isEqualTo(tensor.floats()));
        Path again = folder.resolve("again.safetensors");
        read.save(again);
        assertThat(Files.mismatch(file, again)).isEqualTo(-1);
    }

    @Test
    void tensorsThatAreNotThoseOfTheArchitectureAreRefusedByName() {
        Model model = model();
        Map<String, NamedTensor> missing = new LinkedHashMap<>(model.tensors());
        missing.remove("layer2.0.bn1.bias");
        assertRefused(missing, "'layer2.0.bn1.bias' is missing");
        Map<String, NamedTensor> left = new LinkedHashMap<>(model.tensors());
        left.put("layer9.weight", NamedTensor.of(new float[1], 1));
        assertRefused(left, "'layer9.weight' has no place");
        Map<String, NamedTensor> shape = new LinkedHashMap<>(model.tensors());
        shape.put("fc.bias", NamedTensor.of(new float[4], 4));
        assertRefused(shape, "'fc.bias' is F32[4], expected F32[3]");
    }

    @Test
    void weightsThatAreNotNumbersAreRefused() {
        Map<String, NamedTensor> tensors = new LinkedHashMap<>(model().tensors());
        tensors.put("bn1.running_var", NamedTensor.of(new float[] {1, Float.NaN, 1, 1}, 4));
        Model read = Model.load(write(ModelFile.text(CARD), tensors)); // as a checkpoint of a diverging run
        assertThatThrownBy(() -> read.requireFinite("x"))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("x: 1 of the 4 values of 'bn1.running_var' are NaN or infinite: nothing can be");
    }

    private void assertRefused(Map<String, NamedTensor> tensors, String sentence) {
        Path file = write(ModelFile.text(CARD), tensors);
        assertThatThrownBy(() -> ModelFile.read(file))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(sentence);
    }

    @Test
    void whatItSaysOfItselfIsReadStrictly() {
        Map<String, NamedTensor> tensors = model().tensors();
        String card = ModelFile.text(CARD);
        Map<String, String> wrong = new LinkedHashMap<>();
        wrong.put(card.replace("\"stem\":4", "\"stern\":4"), "stern");
        wrong.put(card.replace("\"kernel\":3", "\"kernel\":4"), "kernel 4: expected 1, 3, 5");
        wrong.put(card.replace("\"blocks\":[1,1,1]", "\"blocks\":[1,1,1000000002]"), "blocks");
        wrong.put(card.replace("\"blocks\":[1,1,1]", "\"blocks\":[900,900,900]"), "expected at most 2000");
        wrong.put(card.replace("\"shortcut\":\"B\"", "\"shortcut\":\"D\""), "shortcut");
        wrong.put(card.replace("\"format\":2", "\"format\":3"), "format 3");
        wrong.put(card.replace("\"a\",", ""), "2 class names for 3");
        wrong.put(card.replace("0.247,", ""), "normalization");
        wrong.put(card.replace("\"convBias\":true,", ""), "convBias");
        wrong.forEach((text, sentence) -> assertThatThrownBy(() -> ModelFile.read(write(text, tensors)))
                .as(text)
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(sentence));
    }

    @Test
    void tensorsWithoutACardAreNoModel() {
        Path file = folder.resolve("bare.safetensors");
        dev.residual.AtomicFile.write(file, new Safetensors(Map.of(), model().tensors())::write);
        assertThatThrownBy(() -> ModelFile.read(file))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("does not say of which network");
    }

    /** The model that is shipped was written by 0.1.0. */
    @Test
    void whatTheFirstVersionWroteIsRead() {
        Model model = BuiltInModels.read("resnet20");
        Provenance.Training training = model.card().provenance().training().orElseThrow();
        assertThat(training.recipe().name()).isEqualTo("paper");
        assertThat(training.iteration()).isEqualTo(64_000);
        assertThat(training.testAccuracy()).hasValue(91.69);
        assertThat(training.data().sha256()).hasSize(6);
        assertThat(model.card().provenance().software().orElseThrow().libtorch())
                .isEqualTo("2.10.0");
    }

    @Test
    void provenanceIsReadAsItWasWritten() {
        Software software = new Software("1", "2", "3", "4", "5", "6");
        Provenance.Training training = new Provenance.Training(
                new Provenance.Data("d", 10, 2, OptionalDouble.empty(), Map.of("f", "0")),
                Recipe.article(),
                7,
                2,
                Precision.BF16,
                99,
                99,
                OptionalDouble.empty());
        Provenance provenance = Provenance.of(software, training, List.of("a", "b"))
                .withTestAccuracy(12.345)
                .withImported(software, new Provenance.Imported("x.pth", "00", "zip", "model", "names"));
        Path file = folder.resolve("story.safetensors");
        model().withProvenance(provenance).save(file);
        assertThat(Model.load(file).card().provenance()).isEqualTo(provenance);
        assertThat(provenance.training().orElseThrow().testAccuracy()).hasValue(12.35);
    }
}
