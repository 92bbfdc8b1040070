package dev.residual.bench.peers;

import dev.residual.tensor.Precision;
import dev.residual.data.Batch;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.ImageSet;
import dev.residual.model.Pass;
import dev.residual.model.State;
import dev.residual.model.Summary;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import dev.residual.train.Evaluation;
import dev.residual.train.Evaluator;
import dev.residual.weights.ModelFile;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** The product's own evaluator, from the bytes of an image to its class. */
final class ResidualInference implements Contestant {
    private final Setup setup;
    private final ModelFile model;
    private final State state;
    private final ImageSet test;
    private final Map<Integer, ImageSet> parts = new HashMap<>();
    private final Evaluator evaluator;

    private ResidualInference(Setup setup, ModelFile model, State state) {
        this.setup = setup;
        this.model = model;
        this.state = state;
        test = setup.dataset().test();
        evaluator = Evaluator.of(model, state, setup.precision(), Device.CPU);
    }

    public static void main(String[] args) throws IOException {
        Setup setup = Setup.of(args);
        Engine.start(setup.threads);
        ModelFile model = setup.model();
        try (State state = model.state(Device.CPU)) {
            Contestant.play(new ResidualInference(setup, model, state));
        }
    }

    @Override
    public Map<String, Object> about() {
        return Map.of(
                "parameters",
                Summary.of(model.card().architecture()).parameters(),
                "threads",
                Engine.threads(),
                "logits",
                logits());
    }

    private float[] logits() {
        try (Batches batches = new Batches(test, model.card().normalization(), Order.PLAIN, Setup.COMPARED, Precision.FP32, 0, 0);
                Scope scope = Scope.noGrad()) {
            Batch batch = batches.next();
            return Tensors.floats(model.network().forward(batch.images(), new Pass(state, Pass.Mode.EVALUATION)));
        }
    }

    @Override
    public Map<String, Object> turn(int steps) {
        int left = steps * setup.batch;
        while (left > 0) { // beyond the set it begins anew
            int count = Math.min(left, test.size());
            Evaluation evaluation = evaluator
                    .evaluate(
                            parts.computeIfAbsent(count, test::first),
                            Order.PLAIN,
                            setup.batch,
                            Pass.Mode.EVALUATION,
                            () -> false)
                    .orElseThrow();
            left -= evaluation.labels().length;
        }
        return Map.of("images", steps * setup.batch);
    }
}
