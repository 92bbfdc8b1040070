package dev.residual.bench.peers;

import dev.residual.backend.Backend;
import dev.residual.data.ImageSet;
import dev.residual.data.Pixels;
import dev.residual.graph.Summary;
import dev.residual.model.Model;
import dev.residual.nn.InferenceNetwork;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** What the product's classifier and evaluator do, on ready-made images as its peers. */
final class ResidualInference implements Contestant {
    private final Setup setup;
    private final Model model;
    private final InferenceNetwork network;
    private final ImageSet test;
    private final List<Tensor> batches = new ArrayList<>();
    private int next;

    private ResidualInference(Setup setup, Model model, InferenceNetwork network) {
        this.setup = setup;
        this.model = model;
        this.network = network;
        test = setup.dataset().test();
        try (Scope scope = Scope.noGrad()) {
            // As many as its peers get: whole batches of 2,000 images.
            for (int at = 0; at == 0 || at + setup.batch <= Minibatches.TEST_IMAGES; at += setup.batch) {
                batches.add(scope.keep(part(at, at + setup.batch)));
            }
        }
    }

    public static void main(String[] args) throws IOException {
        Setup setup = Setup.of(args);
        Engine.start(setup.threads);
        Model model = setup.model();
        Backend backend = Backend.of("auto", Device.CPU, setup.precision());
        try (InferenceNetwork network = new InferenceNetwork(model.graph(), model::floats, backend)) {
            Contestant.play(new ResidualInference(setup, model, network));
        }
    }

    @Override
    public Map<String, Object> about() {
        return Map.of(
                "parameters",
                Summary.of(model.graph()).parameters(),
                "threads",
                Engine.threads(),
                "logits",
                network.logits(Setup.COMPARED, this::part));
    }

    private Tensor part(int from, int to) {
        return Pixels.tensor(test, from, to, model.card().normalization(), setup.precision());
    }

    @Override
    public Map<String, Object> turn(int steps) {
        for (int i = 0; i < steps; i++) {
            Tensor images = batches.get(next++ % batches.size());
            network.logits(setup.batch, (from, to) -> images.narrow(0, from, to - from));
        }
        return Map.of("images", (long) steps * setup.batch);
    }
}
