package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.residual.backend.Backend;
import dev.residual.backend.Pass.Statistics;
import dev.residual.data.Augmentation;
import dev.residual.data.Batch;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.data.Part;
import dev.residual.data.Seed;
import dev.residual.evaluate.Evaluation;
import dev.residual.evaluate.Evaluator;
import dev.residual.graph.Graph;
import dev.residual.model.Model;
import dev.residual.model.Provenance;
import dev.residual.nn.Initialization;
import dev.residual.nn.TorchNet;
import dev.residual.nn.TrainingNetwork;
import dev.residual.nn.Weights;
import dev.residual.recipe.Recipe;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.nio.file.Path;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Evaluation as the article's code does it, in training mode. */
class TrainingModeTest {
    private static final Graph GRAPH = TinyRun.ARCHITECTURE.graph();
    private static final Normalization NONE = Normalization.of(Normalization.Kind.NONE, TinyRun.DATA.train());
    private static final Order SHOWN = new Order(true, Augmentation.CROP_FLIP, 9);
    private static final int BATCH = 16;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        Engine.start(1);
    }

    /** The article's PredictNet in PyTorch's own operations: first the training set as it is trained on, then the test set. */
    @Test
    void accuracyAndRunningStatisticsAreThoseOfPyTorchInTrainingMode() {
        Evaluator.Compute compute = new Evaluator.Compute(Precision.FP32, Device.CPU, "auto");
        try (Scope scope = Scope.noGrad();
                Backend backend = Backend.of("auto", Device.CPU, Precision.FP32);
                Weights weights = Initialization.he(GRAPH, 1, Device.CPU);
                TrainingNetwork network = new TrainingNetwork(GRAPH, weights, backend)) {
            TorchNet torch = new TorchNet(TinyRun.ARCHITECTURE, p -> weights.floats(p.name()), true);
            Evaluator evaluator = new Evaluator(GRAPH, weights::floats, NONE, compute);
            Evaluation byBatches = evaluator.evaluateByBatchStatistics(TinyRun.DATA.test(), BATCH);
            Evaluation train = evaluator
                    .evaluateByBatchStatistics(
                            network,
                            TinyRun.DATA.train(),
                            SHOWN,
                            Part.WHOLE,
                            BATCH,
                            Statistics.BATCH_AND_UPDATE,
                            () -> false)
                    .orElseThrow();
            Evaluation test = evaluator
                    .evaluateByBatchStatistics(
                            network,
                            TinyRun.DATA.test(),
                            Order.PLAIN,
                            Part.WHOLE,
                            BATCH,
                            Statistics.BATCH_AND_UPDATE,
                            () -> false)
                    .orElseThrow();
            assertThat(train.correct()).isEqualTo(correct(torch, TinyRun.DATA.train(), SHOWN));
            assertThat(test.correct()).isEqualTo(correct(torch, TinyRun.DATA.test(), Order.PLAIN));
            GRAPH.parameters().forEach(p -> {
                float[] expected = Tensors.floats(torch.get(p.name()));
                float[] actual = weights.floats(p.name());
                for (int i = 0; i < actual.length; i++) {
                    assertThat(actual[i]).as(p.name()).isCloseTo(expected[i], within(1e-4f));
                }
            });
            // By the statistics of each batch it is all the same what the running ones are.
            assertThat(byBatches.predicted()).isEqualTo(test.predicted());
            assertThat(byBatches.loss()).isEqualTo(test.loss());
        }
    }

    private static int correct(TorchNet torch, ImageSet images, Order order) {
        int correct = 0;
        try (Batches batches = new Batches(images, NONE, order, Part.WHOLE, BATCH, Precision.FP32, 0, 0)) {
            for (int seen = 0; seen < images.size(); ) {
                Batch batch = batches.next();
                Tensor predicted = torch.logits(batch.images()).argmax(new LongOptional(1), false);
                correct += (int) predicted.eq(batch.labels()).sum().item_long();
                seen += batch.size();
            }
        }
        return correct;
    }

    /**
     * The article's TrainNet: before each epoch and after the last one, the training set and then the test set pass through
     * the network in training mode. What is saved at the end has seen all of it.
     */
    @Test
    void theModelHoldsWhatTheArticlesLoopLeaves() {
        Recipe recipe = TinyRun.recipe()
                .withEvaluations(new Recipe.Evaluations(true, false))
                .withLength(new Recipe.Length(8, true, 0, 0));
        recipe = recipe.withImages(recipe.images().withNormalization(Normalization.Kind.NONE));
        Model model = TinyRun.train(TinyRun.config(recipe, 0, 100), folder).model();
        Provenance.Training training = model.card().provenance().training().orElseThrow();
        assertThat(training.batchesTracked()).isEqualTo(8 + 3 * (4 + 2));

        try (Backend backend = Backend.of("auto", Device.CPU, Precision.FP32);
                TrainingState state = TrainingState.of(recipe, GRAPH, Initialization.he(GRAPH, 1, Device.CPU));
                TrainingNetwork network = new TrainingNetwork(GRAPH, state.weights(), backend);
                Batches batches = batches(TinyRun.DATA.train(), new Order(true, Augmentation.CROP_FLIP, 1))) {
            int iteration = 0;
            for (int epoch = 0; ; epoch++) {
                long seed = Seed.mix(1, 0x6576616cL, epoch);
                show(network, TinyRun.DATA.train(), new Order(true, Augmentation.CROP_FLIP, seed));
                show(network, TinyRun.DATA.test(), Order.PLAIN);
                if (epoch == 2) {
                    break;
                }
                for (int i = 0; i < 4; i++, iteration++) {
                    try (Scope scope = Scope.inference()) {
                        Batch batch = batches.next();
                        Tensor logits = network.forward(batch.images());
                        network.backward(CrossEntropy.of(logits, CrossEntropy.targets(batch.labels(), 2, 0))
                                .gradient());
                        state.step(network.gradients(), recipe.schedule().at(iteration, false), iteration);
                    }
                }
            }
            GRAPH.parameters()
                    .forEach(p -> assertThat(model.floats(p.name()))
                            .as(p.name())
                            .isEqualTo(state.weights().floats(p.name())));
        }
    }

    private static Batches batches(ImageSet images, Order order) {
        return new Batches(images, NONE, order, Part.WHOLE, BATCH, Precision.FP32, 0, 0);
    }

    private static void show(TrainingNetwork network, ImageSet images, Order order) {
        try (Batches batches = batches(images, order)) {
            for (int i = 0; i < Batches.perEpoch(images.size(), BATCH); i++) {
                try (Scope scope = Scope.inference()) {
                    network.forwardOnly(batches.next().images(), Statistics.BATCH_AND_UPDATE);
                }
            }
        }
    }
}
