package dev.residual.bench;

import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.Dataset;
import dev.residual.data.Normalization;
import dev.residual.model.Architecture;
import dev.residual.model.Gradients;
import dev.residual.model.Initialization;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.run.Metrics;
import dev.residual.tensor.Device;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.train.Optimizer;
import dev.residual.train.Progress;
import dev.residual.train.Recipe;
import dev.residual.train.Trainer;
import dev.residual.train.TrainingListener;
import java.util.Arrays;
import java.util.Optional;

/**
 * What training costs beyond its arithmetic: the {@link Trainer} with its batches, metrics and progress, against a bare
 * loop of the same native calls on one batch that stays in memory. The two take turns, so that a machine that drifts
 * drifts for both.
 *
 * @param training milliseconds a step, one number for each turn
 * @param bare milliseconds a step, one number for each turn
 */
public record TrainingOverhead(double[] training, double[] bare) {
    /**
     * @param precision that both compute in
     * @param turns of each of the two
     * @param steps of a turn
     * @param listener what is shown while training
     */
    public static TrainingOverhead measure(
            Architecture architecture,
            Recipe recipe,
            Precision precision,
            Dataset dataset,
            int turns,
            int steps,
            TrainingListener listener) {
        TrainingListener onlySteps = new TrainingListener() { // nothing is evaluated, so there are no epochs to show
                    @Override
                    public void onStep(Progress progress, double loss, double learningRate) {
                        listener.onStep(progress, loss, learningRate);
                    }
                };
        ResNet network = ResNet.of(architecture);
        int batchSize = recipe.batchSize();
        Device device = Device.CPU;
        double[] training = new double[turns];
        double[] bare = new double[turns];
        Normalization normalization = Normalization.of(recipe.normalization(), dataset.train());
        Order order = new Order(true, recipe.augmentation(), 1);
        try (Scope scope = Scope.open();
                State state = Initialization.he(network, 1, device);
                Gradients gradients = new Gradients(state);
                BareLoop loop = new BareLoop(architecture, batchSize, precision);
                Optimizer optimizer = Optimizer.of(recipe, state);
                Batches batches = new Batches(dataset.train(), normalization, order, batchSize, precision, 0, 0)) {
            Trainer trainer = new Trainer(
                    network,
                    state,
                    gradients,
                    optimizer,
                    batches,
                    recipe,
                    Long.MAX_VALUE,
                    device,
                    Progress.start(recipe));
            for (int turn = -1; turn < turns; turn++) { // the first warms up
                double a = perStep(steps, () -> trainer.run(stopAfter(steps), onlySteps));
                double b = perStep(steps, () -> {
                    for (int i = 0; i < steps; i++) {
                        loop.step();
                    }
                });
                if (turn >= 0) {
                    training[turn] = a;
                    bare[turn] = b;
                }
            }
        }
        return new TrainingOverhead(training, bare);
    }

    /** Nothing is evaluated and nothing saved; after so many steps it is over. */
    public static Trainer.Hooks stopAfter(int steps) {
        int[] asked = {0};
        Metrics none = new Metrics(0, 0, 0, 0, 0, 0, 0, 0, 0);
        return new Trainer.Hooks(p -> Optional.of(none), p -> {}, Long.MAX_VALUE, () -> asked[0]++ >= steps);
    }

    private static double perStep(int steps, Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e6 / steps;
    }

    /** Training's time over the bare loop's, turn by turn. */
    public double[] ratios() {
        double[] ratios = new double[training.length];
        Arrays.setAll(ratios, i -> training[i] / bare[i]);
        return ratios;
    }
}
