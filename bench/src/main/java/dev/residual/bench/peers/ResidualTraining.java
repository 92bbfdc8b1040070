package dev.residual.bench.peers;

import dev.residual.graph.Summary;
import dev.residual.model.Model;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.train.Trainer;
import dev.residual.train.TrainingEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Training steps of the product's own trainer, its batches made while it trains. */
final class ResidualTraining implements Contestant {
    private final Summary summary;
    private final int batch;
    private final Trainer trainer;

    private ResidualTraining(Summary summary, int batch, Trainer trainer) {
        this.summary = summary;
        this.batch = batch;
        this.trainer = trainer;
    }

    public static void main(String[] args) throws IOException {
        Setup setup = Setup.of(args);
        Engine.start(setup.threads);
        Model model = setup.model();
        try (Steps steps = Steps.of(
                setup, model.graph(), model.weights(Device.CPU), model.card().normalization())) {
            Contestant.play(new ResidualTraining(Summary.of(model.graph()), setup.batch, steps.trainer()));
        }
    }

    @Override
    public Map<String, Object> about() {
        return Map.of("parameters", summary.parameters(), "threads", Engine.threads());
    }

    @Override
    public Map<String, Object> turn(int steps) {
        List<Double> losses = new ArrayList<>();
        trainer.run(Steps.stopAfter(steps), event -> {
            if (event instanceof TrainingEvent.Stepped step) {
                losses.add(step.loss());
            }
        });
        if (losses.size() != steps) {
            throw new IllegalStateException(losses.size() + " steps instead of " + steps);
        }
        return Map.of(
                "images", (long) steps * batch, "firstLoss", losses.get(0), "lastLoss", losses.get(losses.size() - 1));
    }
}
