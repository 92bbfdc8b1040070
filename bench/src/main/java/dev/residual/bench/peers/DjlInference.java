package dev.residual.bench.peers;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import dev.residual.data.Dataset;
import java.io.IOException;
import java.util.Map;

/** DJL's predictor, on ready-made minibatches. */
final class DjlInference implements Contestant {
    private final Model model;
    private final Predictor<NDList, NDList> predictor;
    private final Minibatches minibatches;
    private final float[] compared;
    private final int batch;
    private int next;

    private DjlInference(
            Model model, Predictor<NDList, NDList> predictor, Minibatches minibatches, float[] compared, int batch) {
        this.model = model;
        this.predictor = predictor;
        this.minibatches = minibatches;
        this.compared = compared;
        this.batch = batch;
    }

    public static void main(String[] args) throws IOException {
        Setup setup = Setup.of(args);
        dev.residual.model.Model file = setup.model();
        Dataset dataset = setup.dataset();
        Minibatches minibatches = Minibatches.test(dataset.test(), file.card().normalization(), setup.batch);
        float[] compared = Minibatches.test(dataset.test(), file.card().normalization(), Setup.COMPARED)
                .images()[0];
        try (Model model = DjlNetwork.of(file, setup.batch);
                Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator())) {
            Contestant.play(new DjlInference(model, predictor, minibatches, compared, setup.batch));
        }
    }

    @Override
    public Map<String, Object> about() {
        return Map.of(
                "parameters",
                DjlNetwork.parameters(model.getBlock()),
                "version",
                "DJL " + Engine.getDjlVersion() + ", libtorch "
                        + Engine.getInstance().getVersion(),
                "logits",
                logits(compared, Setup.COMPARED));
    }

    @Override
    public Map<String, Object> turn(int steps) {
        for (int i = 0; i < steps; i++) {
            logits(minibatches.images()[next++ % minibatches.count()], batch);
        }
        return Map.of("images", (long) steps * batch);
    }

    private float[] logits(float[] images, int count) {
        try (NDManager manager = model.getNDManager().newSubManager()) {
            NDList input = new NDList(manager.create(images, DjlNetwork.shape(count)));
            try (NDList output = predictor.predict(input)) {
                return output.singletonOrThrow().toFloatArray();
            }
        } catch (TranslateException e) {
            throw new IllegalStateException(e);
        }
    }
}
