package dev.residual.bench.peers;

import dev.residual.Json;
import dev.residual.bench.TrainingOverhead;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.model.Gradients;
import dev.residual.model.State;
import dev.residual.model.Summary;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.train.Optimizer;
import dev.residual.train.Progress;
import dev.residual.train.Recipe;
import dev.residual.train.Trainer;
import dev.residual.train.TrainingListener;
import dev.residual.weights.ModelFile;
import java.io.IOException;
import java.util.Map;

/** Training steps of the product's own trainer, its batches made while it trains. */
final class ResidualTraining implements Contestant {
    private final Summary summary;
    private final Trainer trainer;
    private final Losses losses = new Losses();

    private ResidualTraining(Summary summary, Trainer trainer) {
        this.summary = summary;
        this.trainer = trainer;
    }

    public static void main(String[] args) throws IOException {
        Setup setup = Setup.of(args);
        Engine.start(setup.threads);
        ModelFile model = setup.model();
        Recipe recipe = Json.with(Recipe.paper(model.card().architecture()), Map.of("batchSize", setup.batch));
        Order order = new Order(true, recipe.augmentation(), Setup.SEED);
        try (State state = model.state(Device.CPU);
                Gradients gradients = new Gradients(state);
                Optimizer optimizer = Optimizer.of(recipe, state);
                Batches batches = new Batches(
                        setup.dataset().train(),
                        model.card().normalization(),
                        order,
                        setup.batch,
                        setup.precision(),
                        0,
                        0)) {
            Trainer trainer = new Trainer(
                    model.network(),
                    state,
                    gradients,
                    optimizer,
                    batches,
                    recipe,
                    Long.MAX_VALUE,
                    Device.CPU,
                    Progress.start(recipe));
            Contestant.play(new ResidualTraining(Summary.of(model.card().architecture()), trainer));
        }
    }

    @Override
    public Map<String, Object> about() {
        return Map.of("parameters", summary.parameters(), "threads", Engine.threads());
    }

    @Override
    public Map<String, Object> turn(int steps) {
        losses.steps = 0;
        losses.images = 0;
        trainer.run(TrainingOverhead.stopAfter(steps), losses);
        return Map.of("images", losses.images, "firstLoss", losses.first, "lastLoss", losses.last);
    }

    /** Of a turn's first and last minibatch, found from the sums that a run's progress holds. */
    private static final class Losses implements TrainingListener {
        private int steps;
        private long images;
        private double first;
        private double last;
        private double sumBefore;
        private long imagesBefore;

        @Override
        public void onStep(Progress progress, double loss, double learningRate) {
            boolean newEpoch = progress.images() <= imagesBefore;
            double sum = progress.lossSum() - (newEpoch ? 0 : sumBefore);
            long count = progress.images() - (newEpoch ? 0 : imagesBefore);
            last = sum / count;
            first = steps++ == 0 ? last : first;
            images += count;
            sumBefore = progress.lossSum();
            imagesBefore = progress.images();
        }
    }
}
