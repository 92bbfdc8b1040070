package dev.residual.bench.peers;

import dev.residual.backend.Backend;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.data.Part;
import dev.residual.distributed.ProcessGroup;
import dev.residual.graph.Graph;
import dev.residual.nn.Architecture;
import dev.residual.nn.TrainingNetwork;
import dev.residual.nn.Weights;
import dev.residual.recipe.Recipe;
import dev.residual.run.Metrics;
import dev.residual.run.Progress;
import dev.residual.run.Score;
import dev.residual.tensor.Device;
import dev.residual.train.DroppedBlocks;
import dev.residual.train.Trainer;
import dev.residual.train.TrainingState;
import java.util.Optional;

/** The product's training loop, without evaluations and checkpoints. */
record Steps(Backend backend, TrainingNetwork network, TrainingState state, Batches batches, Trainer trainer)
        implements AutoCloseable {
    /**
     * In whole minibatches, as the others: what is left of the training images at an epoch's end is left out.
     *
     * @param weights closed with this
     */
    static Steps of(Setup setup, Graph graph, Weights weights, Normalization normalization) {
        Recipe recipe = Recipe.paper(Architecture.of(setup.architecture));
        Backend backend = Backend.of("auto", Device.CPU, setup.precision());
        TrainingNetwork network = new TrainingNetwork(graph, weights, backend);
        TrainingState state = TrainingState.of(recipe, graph, weights);
        ImageSet train = setup.dataset().train();
        Batches batches = new Batches(
                train.first(train.size() / setup.batch * setup.batch),
                normalization,
                new Order(true, recipe.images().augmentation(), Setup.SEED),
                Part.WHOLE,
                setup.batch,
                setup.precision(),
                0,
                0);
        Trainer trainer = new Trainer(
                new Trainer.Session(
                        network,
                        DroppedBlocks.of(graph, Setup.SEED),
                        state,
                        batches,
                        Device.CPU,
                        Optional.empty(),
                        ProcessGroup.ALONE),
                recipe,
                Long.MAX_VALUE,
                Progress.start(recipe.schedule()));
        return new Steps(backend, network, state, batches, trainer);
    }

    static Trainer.Hooks stopAfter(int steps) {
        int[] asked = {0};
        return new Trainer.Hooks(p -> Optional.of(NOTHING), p -> false, Long.MAX_VALUE, () -> ++asked[0] >= steps);
    }

    /** What an evaluation would find; none is made. */
    private static final Metrics NOTHING =
            new Metrics(0, 0, 0, Score.NONE, Score.NONE, Score.NONE, new Metrics.Time(0, 0));

    @Override
    public void close() {
        batches.close();
        network.close();
        state.close();
        backend.close();
    }
}
