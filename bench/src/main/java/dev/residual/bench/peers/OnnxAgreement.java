package dev.residual.bench.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.residual.backend.Backend;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.data.Pixels;
import dev.residual.formats.onnx.OnnxFile;
import dev.residual.model.Model;
import dev.residual.nn.InferenceNetwork;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Computes the logits of all test images of CIFAR-10 with Residual and, from each kind of exported ONNX file, with ONNX
 * Runtime, and fails where one differs by more than 1e-4 or the accuracies are not the same.
 */
final class OnnxAgreement {
    private static final int BATCH = 100;

    private final ImageSet test;

    private OnnxAgreement(ImageSet test) {
        this.test = test;
    }

    public static void main(String[] args) throws OrtException, IOException {
        Engine.start(Runtime.getRuntime().availableProcessors());
        Model model = Model.load(Path.of(args[0]));
        Dataset dataset = Datasets.load(Datasets.CIFAR10, Path.of(args[1]), (done, total) -> {});
        OnnxAgreement agreement = new OnnxAgreement(dataset.test());
        float[] ours = agreement.residual(model);
        int correct = agreement.correct(ours);
        System.out.printf(
                "Residual: %d of %d correct%n", correct, dataset.test().size());
        for (boolean inside : new boolean[] {false, true}) {
            for (boolean fold : new boolean[] {false, true}) {
                float[] logits = agreement.onnxRuntime(model, inside, fold);
                double largest = 0;
                for (int i = 0; i < ours.length; i++) {
                    largest = Math.max(largest, Math.abs(ours[i] - logits[i]));
                }
                System.out.printf(
                        "ONNX, normalised %s, BN %s: %d correct, largest difference of %d logits %.1e%n",
                        inside ? "inside" : "before",
                        fold ? "folded" : "kept",
                        agreement.correct(logits),
                        ours.length,
                        largest);
                if (!(largest < 1e-4) || agreement.correct(logits) != correct) {
                    System.exit(1);
                }
            }
        }
    }

    private float[] residual(Model model) {
        Normalization normalization = model.card().normalization();
        Backend backend = Backend.of("auto", Device.CPU, Precision.FP32);
        try (InferenceNetwork network = new InferenceNetwork(model.graph(), model::floats, backend)) {
            return network.logits(
                    test.size(), (from, to) -> Pixels.tensor(test, from, to, normalization, Precision.FP32));
        }
    }

    private float[] onnxRuntime(Model model, boolean inside, boolean fold) throws OrtException, IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        new OnnxFile(model, inside, fold).write(file);
        Normalization normalization = inside
                ? Normalization.of(Normalization.Kind.NONE, test)
                : model.card().normalization();
        float[] all = new float[test.size() * model.card().classes().size()];
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        long[] shape = {BATCH, ImageSet.CHANNELS, ImageSet.SIZE, ImageSet.SIZE};
        try (OrtSession session = environment.createSession(file.toByteArray())) {
            for (int i = 0; i < test.size(); i += BATCH) {
                float[] images = Minibatches.test(part(i), normalization, BATCH).images()[0];
                try (OnnxTensor tensor = OnnxTensor.createTensor(environment, FloatBuffer.wrap(images), shape);
                        OrtSession.Result result = session.run(Map.of("images", tensor))) {
                    FloatBuffer logits = ((OnnxTensor) result.get(0)).getFloatBuffer();
                    int count = logits.remaining();
                    logits.get(all, i * count / BATCH, count);
                }
            }
        }
        return all;
    }

    private ImageSet part(int from) {
        return test.select(IntStream.range(from, from + BATCH).toArray());
    }

    private int correct(float[] logits) {
        int classes = logits.length / test.size();
        int correct = 0;
        for (int i = 0; i < test.size(); i++) {
            int best = 0;
            for (int c = 1; c < classes; c++) {
                best = logits[i * classes + c] > logits[i * classes + best] ? c : best;
            }
            correct += best == test.label(i) ? 1 : 0;
        }
        return correct;
    }
}
