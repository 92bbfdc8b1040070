package dev.residual.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.Normalization;
import dev.residual.model.Architecture;
import dev.residual.model.Initialization;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Tensors;
import dev.residual.weights.ModelFile.Card;
import dev.residual.weights.Safetensors.NamedTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFileTest {
    private static final Architecture ARCHITECTURE =
            new Architecture(8, List.of(4, 8, 8), Architecture.ShortcutKind.B, true, 3);
    private static final Card CARD = new Card(
            Card.FORMAT,
            ARCHITECTURE,
            List.of("a", "b", "c"),
            new Normalization(
                    Normalization.Kind.CHANNEL, new float[] {.4914f, .4822f, .4465f}, new float[] {.247f, .2435f, .2616f
                    }),
            Map.of("seed", "1"));

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        Engine.start(1);
    }

    private static ModelFile model() {
        try (State state = Initialization.he(ResNet.of(ARCHITECTURE), 1, Device.CPU)) {
            return ModelFile.of(CARD, state);
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
        ModelFile written = model();
        written.write(file);
        ModelFile read = ModelFile.read(file);
        assertThat(read.card().architecture()).isEqualTo(ARCHITECTURE);
        assertThat(read.card().classes()).containsExactly("a", "b", "c");
        assertThat(read.card().normalization().mean()).containsExactly(.4914f, .4822f, .4465f);
        assertThat(read.card().provenance()).containsEntry("seed", "1");
        try (State one = written.state(Device.CPU);
                State two = read.state(Device.CPU)) {
            one.tensors()
                    .forEach((p, tensor) ->
                            assertThat(Tensors.floats(two.get(p.name()))).isEqualTo(Tensors.floats(tensor)));
        }
        Path again = folder.resolve("again.safetensors");
        read.write(again);
        assertThat(Files.mismatch(file, again)).isEqualTo(-1);
    }

    @Test
    void tensorsThatAreNotThoseOfTheArchitectureAreRefusedByName() {
        ModelFile model = model();
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

    private void assertRefused(Map<String, NamedTensor> tensors, String sentence) {
        Path file = write(Json.compact(CARD), tensors);
        assertThatThrownBy(() -> ModelFile.read(file))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(sentence);
    }

    @Test
    void whatItSaysOfItselfIsReadStrictly() {
        Map<String, NamedTensor> tensors = model().tensors();
        String card = Json.compact(CARD);
        Map<String, String> wrong = new LinkedHashMap<>();
        wrong.put(card.replace("\"depth\":8", "\"deepth\":8"), "deepth");
        wrong.put(card.replace("\"depth\":8", "\"depth\":9"), "6n+2");
        wrong.put(card.replace("\"depth\":8", "\"depth\":1000000002"), "6n+2");
        wrong.put(card.replace("\"shortcut\":\"B\"", "\"shortcut\":\"D\""), "shortcut");
        wrong.put(card.replace("\"format\":1", "\"format\":2"), "format 2");
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
}
