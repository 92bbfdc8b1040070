package dev.residual.bench.peers;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.TrainingConfig;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.residual.recipe.Optimizer.Sgd;
import dev.residual.recipe.Recipe;
import java.io.IOException;
import java.util.Map;

/** Training steps of DJL's trainer, as its documentation writes the loop, on ready-made minibatches. */
final class DjlTraining implements Contestant {
    /** They come round and round. */
    private static final int MINIBATCHES = 64;

    private final Trainer trainer;
    private final Minibatches minibatches;
    private final int batch;
    private int next;

    private DjlTraining(Trainer trainer, Minibatches minibatches, int batch) {
        this.trainer = trainer;
        this.minibatches = minibatches;
        this.batch = batch;
    }

    public static void main(String[] args) throws IOException {
        Setup setup = Setup.of(args);
        dev.residual.model.Model file = setup.model();
        Recipe recipe = Recipe.paper(file.card().architecture());
        Minibatches minibatches = Minibatches.training(
                setup.dataset().train(),
                file.card().normalization(),
                recipe.images().augmentation(),
                setup.batch,
                MINIBATCHES);
        Optimizer sgd = Optimizer.sgd()
                .setLearningRateTracker(Tracker.fixed((float) recipe.schedule().learningRate()))
                .optMomentum((float) ((Sgd) recipe.optimizer()).momentum())
                .optWeightDecays((float) recipe.optimizer().decay().factor())
                .build();
        TrainingConfig config = new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                .optOptimizer(sgd)
                .optDevices(new Device[] {Device.cpu()});
        try (Model model = DjlNetwork.of(file, setup.batch);
                Trainer trainer = model.newTrainer(config)) {
            trainer.initialize(DjlNetwork.shape(setup.batch));
            Contestant.play(new DjlTraining(trainer, minibatches, setup.batch));
        }
    }

    @Override
    public Map<String, Object> about() {
        return Map.of(
                "parameters",
                DjlNetwork.parameters(trainer.getModel().getBlock()),
                "version",
                "DJL " + Engine.getDjlVersion() + ", libtorch "
                        + Engine.getInstance().getVersion());
    }

    @Override
    public Map<String, Object> turn(int steps) {
        float first = step();
        float last = first;
        for (int i = 1; i < steps; i++) {
            last = step();
        }
        return Map.of("images", (long) steps * batch, "firstLoss", first, "lastLoss", last);
    }

    private float step() {
        int i = next++ % minibatches.count();
        try (NDManager manager = trainer.getManager().newSubManager()) {
            NDArray images = manager.create(minibatches.images()[i], DjlNetwork.shape(batch));
            NDArray labels = manager.create(minibatches.labels()[i]);
            float value;
            try (GradientCollector collector = trainer.newGradientCollector()) {
                NDList logits = trainer.forward(new NDList(images));
                NDArray loss = trainer.getLoss().evaluate(new NDList(labels), logits);
                value = loss.getFloat();
                collector.backward(loss);
            }
            trainer.step();
            return value;
        }
    }
}
