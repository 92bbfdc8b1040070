package dev.residual.bench.peers;

import dev.residual.bench.TrainingOverhead;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.Dataset;
import dev.residual.data.Normalization;
import dev.residual.model.Architecture;
import dev.residual.model.Gradients;
import dev.residual.model.Initialization;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.train.Optimizer;
import dev.residual.train.Progress;
import dev.residual.train.Recipe;
import dev.residual.train.Trainer;
import dev.residual.train.TrainingListener;
import dev.residual.weights.ModelFile;
import dev.residual.weights.ModelFile.Card;
import dev.residual.weights.OnnxFile;
import java.util.Map;

/** Makes the weights that all contestants share: trained for a moment, so that BN's running statistics mean something. */
final class StartingPoint {
    private static final int STEPS = 40;

    private StartingPoint() {}

    public static void main(String[] args) {
        Setup setup = Setup.of(args);
        Engine.start(setup.threads);
        Architecture architecture = Architecture.of(setup.architecture);
        Recipe recipe = Recipe.paper(architecture);
        Dataset dataset = setup.dataset();
        Normalization normalization = Normalization.of(recipe.normalization(), dataset.train());
        ResNet network = ResNet.of(architecture);
        Order order = new Order(true, recipe.augmentation(), Setup.SEED);
        try (State state = Initialization.he(network, Setup.SEED, Device.CPU);
                Gradients gradients = new Gradients(state);
                Optimizer optimizer = Optimizer.of(recipe, state);
                Batches batches =
                        new Batches(dataset.train(), normalization, order, recipe.batchSize(), Precision.FP32, 0, 0)) {
            new Trainer(
                            network,
                            state,
                            gradients,
                            optimizer,
                            batches,
                            recipe,
                            Long.MAX_VALUE,
                            Device.CPU,
                            Progress.start(recipe))
                    .run(TrainingOverhead.stopAfter(STEPS), new TrainingListener() {});
            Card card = new Card(Card.FORMAT, architecture, dataset.classes(), normalization, Map.of());
            ModelFile file = ModelFile.of(card, state);
            file.write(setup.model);
            new OnnxFile(file, false, true).write(setup.onnx);
        }
    }
}
