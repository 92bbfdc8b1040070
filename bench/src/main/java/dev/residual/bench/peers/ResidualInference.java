package dev.residual.bench.peers;

import dev.residual.data.ImageSet;
import dev.residual.data.Pixels;
import dev.residual.model.FoldedState;
import dev.residual.model.Pass;
import dev.residual.model.State;
import dev.residual.model.Summary;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import dev.residual.weights.ModelFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** What the product's classifier and evaluator do, a part of a batch at a time, on ready-made images as its peers. */
final class ResidualInference implements Contestant {
    private final Setup setup;
    private final ModelFile model;
    private final State folded;
    private final ImageSet test;
    private final List<Tensor> parts = new ArrayList<>();

    private ResidualInference(Setup setup, ModelFile model, State folded) {
        this.setup = setup;
        this.model = model;
        this.folded = folded;
        test = setup.dataset().test();
        ImageSet batch = test.first(setup.batch);
        for (int from = 0; from < setup.batch; from += FoldedState.BATCH) {
            int to = Math.min(from + FoldedState.BATCH, setup.batch);
            parts.add(images(batch.select(IntStream.range(from, to).toArray())));
        }
    }

    public static void main(String[] args) throws IOException {
        Setup setup = Setup.of(args);
        Engine.start(setup.threads);
        ModelFile model = setup.model();
        try (State state = model.state(Device.CPU);
                State folded = FoldedState.of(model.network(), state)) {
            Contestant.play(new ResidualInference(setup, model, folded));
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
                logits(images(test.first(Setup.COMPARED))));
    }

    private Tensor images(ImageSet images) {
        try (Scope scope = Scope.noGrad()) {
            return scope.keep(Pixels.tensor(images, model.card().normalization())
                    .to(setup.precision().type()));
        }
    }

    private float[] logits(Tensor images) {
        try (Scope scope = Scope.inference()) {
            return Tensors.floats(model.network().forward(images, new Pass(folded, Pass.Mode.FOLDED)));
        }
    }

    @Override
    public Map<String, Object> turn(int steps) {
        for (int i = 0; i < steps; i++) {
            parts.forEach(this::logits);
        }
        return Map.of("images", (long) steps * setup.batch);
    }
}
