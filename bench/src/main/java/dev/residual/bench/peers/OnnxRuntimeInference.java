package dev.residual.bench.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.residual.data.Dataset;
import dev.residual.data.ImageSet;
import dev.residual.model.Model;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** ONNX Runtime, on ready-made minibatches in memory that it reads without a copy. */
final class OnnxRuntimeInference implements Contestant {
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final Setup setup;
    private final List<OnnxTensor> minibatches;
    private final OnnxTensor compared;
    private int next;

    private OnnxRuntimeInference(
            OrtEnvironment environment,
            OrtSession session,
            Setup setup,
            List<OnnxTensor> minibatches,
            OnnxTensor compared) {
        this.environment = environment;
        this.session = session;
        this.setup = setup;
        this.minibatches = minibatches;
        this.compared = compared;
    }

    public static void main(String[] args) throws OrtException, IOException {
        Setup setup = Setup.of(args);
        Model file = setup.model(); // its normalisation; the weights come from the ONNX file
        Dataset dataset = setup.dataset();
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(setup.threads);
        List<OnnxTensor> minibatches = new ArrayList<>();
        for (float[] images : Minibatches.test(dataset.test(), file.card().normalization(), setup.batch)
                .images()) {
            minibatches.add(tensor(environment, images));
        }
        float[] compared = Minibatches.test(dataset.test(), file.card().normalization(), Setup.COMPARED)
                .images()[0];
        try (OrtSession session = environment.createSession(setup.onnx.toString(), options)) {
            Contestant.play(
                    new OnnxRuntimeInference(environment, session, setup, minibatches, tensor(environment, compared)));
        }
    }

    private static OnnxTensor tensor(OrtEnvironment environment, float[] images) throws OrtException {
        FloatBuffer direct = ByteBuffer.allocateDirect(images.length * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        direct.put(images).rewind();
        long[] shape = {images.length / ImageSet.BYTES, ImageSet.CHANNELS, ImageSet.SIZE, ImageSet.SIZE};
        return OnnxTensor.createTensor(environment, direct, shape);
    }

    @Override
    public Map<String, Object> about() {
        return Map.of("version", "ONNX Runtime " + environment.getVersion(), "logits", logits(compared));
    }

    @Override
    public Map<String, Object> turn(int steps) {
        for (int i = 0; i < steps; i++) {
            logits(minibatches.get(next++ % minibatches.size()));
        }
        return Map.of("images", (long) steps * setup.batch);
    }

    private float[] logits(OnnxTensor images) {
        String input = session.getInputNames().iterator().next();
        try (OrtSession.Result result = session.run(Map.of(input, images))) {
            FloatBuffer buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] values = new float[buffer.remaining()];
            buffer.get(values);
            return values;
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
