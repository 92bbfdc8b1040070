package dev.residual.formats.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.data.Normalization.Kind;
import dev.residual.model.Model;
import dev.residual.model.Models;
import dev.residual.nn.Architecture;
import dev.residual.nn.Logits;
import dev.residual.nn.Shortcut;
import dev.residual.nn.Variants;
import dev.residual.tensor.Engine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What ONNX Runtime computes from the file, against {@link dev.residual.nn.TorchNet}. */
class OnnxFileTest {
    private static final Random RANDOM = new Random(5);

    @BeforeAll
    static void start() {
        Engine.start(1);
    }

    static List<Arguments> variants() {
        List<Arguments> variants = new ArrayList<>();
        for (Shortcut shortcut : Shortcut.values()) {
            for (Kind normalization : Kind.values()) {
                for (boolean fold : new boolean[] {false, true}) {
                    variants.add(Arguments.of(shortcut, normalization, fold));
                }
            }
        }
        return variants;
    }

    @ParameterizedTest
    @MethodSource("variants")
    void logitsAreOurs(Shortcut shortcut, Kind kind, boolean fold) throws OrtException {
        boolean bias = shortcut == Shortcut.ARTICLE || shortcut == Shortcut.C;
        Architecture a = Architecture.of("resnet14")
                .withShortcut(shortcut)
                .withWidths(List.of(4, 7, 12))
                .withConvBias(bias)
                .withClasses(5);
        Model model = model(a, kind);
        assertThat(operators(bytes(new OnnxFile(model, false, fold))).contains("BatchNormalization"))
                .isEqualTo(!fold);
        compare(model, fold, 1, 7);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void logitsOfEveryVariantAreOurs(boolean fold) throws OrtException {
        for (Architecture a : Variants.all()) {
            compare(model(a, Kind.CHANNEL), fold, 2);
            if (a.shortcut() != Shortcut.NONE) {
                compare(model(a.withSurvival(0.4), Kind.CHANNEL), fold, 2);
            }
        }
    }

    private static void compare(Model model, boolean fold, int... counts) throws OrtException {
        for (boolean inside : new boolean[] {false, true}) {
            byte[] bytes = bytes(new OnnxFile(model, inside, fold));
            for (int n : counts) {
                float[] images = new float[n * ImageSet.BYTES]; // N×C×H×W, 0-1
                for (int i = 0; i < images.length; i++) {
                    images[i] = RANDOM.nextInt(256) / 255f;
                }
                float[] normalized = normalized(images, model.card().normalization());
                float[] expected = Logits.of(model, normalized);
                float[] actual = runtime(bytes, inside ? images : normalized, n);
                assertThat(actual).hasSameSizeAs(expected);
                for (int i = 0; i < expected.length; i++) {
                    assertThat(actual[i]).isCloseTo(expected[i], within(1e-4f));
                }
            }
        }
    }

    @Test
    void itSaysWhatItIsAndTheSameModelGivesTheSameBytes() throws OrtException {
        Model model = model(Architecture.of("resnet8"), Kind.PIXEL_MEAN);
        byte[] bytes = bytes(new OnnxFile(model, true, true));
        assertThat(bytes(new OnnxFile(model, true, true))).isEqualTo(bytes);
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(bytes)) {
            Map<String, String> metadata = session.getMetadata().getCustomMetadata();
            assertThat(metadata.get("classes")).startsWith("[\"class 0\",\"class 1\"");
            assertThat(metadata.get("input")).isEqualTo("RGB, N×3×32×32, values 0-255 divided by 255");
            assertThat(metadata.get("residual")).contains("\"blocks\":[1,1,1]").contains("\"seed\":7");
            assertThat(session.getInputNames()).containsExactly("images");
            assertThat(session.getOutputNames()).containsExactly("logits");
        }
    }

    private static Model model(Architecture a, Kind kind) {
        byte[] pixels = new byte[3 * ImageSet.BYTES];
        RANDOM.nextBytes(pixels);
        return Models.random(a, Normalization.of(kind, new ImageSet(pixels, new short[3])), RANDOM.nextLong());
    }

    private static float[] normalized(float[] images, Normalization n) {
        float[] normalized = new float[images.length];
        for (int i = 0; i < images.length; i++) {
            int channel = i / 1024 % 3;
            normalized[i] = (images[i] - n.meanAt(channel, i / 32 % 32, i % 32)) / n.std()[channel];
        }
        return normalized;
    }

    private static float[] runtime(byte[] model, float[] images, int n) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(model);
                OnnxTensor input =
                        OnnxTensor.createTensor(environment, FloatBuffer.wrap(images), new long[] {n, 3, 32, 32});
                OrtSession.Result result = session.run(Map.of("images", input))) {
            OnnxTensor logits = (OnnxTensor) result.get(0);
            float[] values = new float[logits.getFloatBuffer().remaining()];
            logits.getFloatBuffer().get(values);
            return values;
        }
    }

    private static List<String> operators(byte[] model) {
        try {
            return ModelProto.parseFrom(model).getGraph().getNodeList().stream()
                    .map(node -> node.getOpType())
                    .toList();
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] bytes(OnnxFile file) {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            file.write(out);
            return out.toByteArray();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
