package dev.residual.train;

import dev.residual.backend.Backend;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.Normalization;
import dev.residual.evaluate.Evaluator;
import dev.residual.model.Model;
import dev.residual.model.Model.Card;
import dev.residual.nn.TrainingNetwork;
import dev.residual.nn.Weights;
import dev.residual.recipe.ClassWeights;
import dev.residual.recipe.Recipe;
import dev.residual.run.Checkpoints;
import dev.residual.run.Metrics;
import dev.residual.run.Progress;
import dev.residual.run.RunConfig.Compute;
import dev.residual.tensor.Device;
import dev.residual.tensor.Natives;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * A run on a backend: the {@link Trainer}, and what it calls between its steps: evaluation, checkpoints, the best model.
 *
 * @param state to begin with, and changed by training
 * @param start where it goes on
 * @param evaluateOnly whether the run had ended before, and only its last row of metrics is wanted
 * @param stop asked whether to stop
 */
record Execution(
        RunSetup setup,
        Backend backend,
        Normalization normalization,
        TrainingState state,
        Progress start,
        boolean evaluateOnly,
        Consumer<TrainingEvent> listener,
        BooleanSupplier stop) {
    /** @return its model, not saved yet; empty when it was stopped */
    Optional<Trained> run() {
        Compute compute = setup.config().compute();
        Device device = backend.device();
        try (Natives natives = new Natives();
                TrainingNetwork network =
                        new TrainingNetwork(setup.graph(), state.weights(), backend, synchronizedBatchNorm());
                Batches batches = batches()) {
            Evaluator evaluator = new Evaluator(
                    setup.graph(),
                    state.shown()::floats,
                    normalization,
                    new Evaluator.Compute(compute.precision(), device, compute.backend()));
            Trainer trainer = new Trainer(
                    new Trainer.Session(
                            network,
                            DroppedBlocks.of(setup.graph(), setup.config().seed()),
                            state,
                            batches,
                            device,
                            classWeights(natives),
                            setup.group()),
                    setup.recipe(),
                    setup.lastIteration(),
                    start);
            AtomicReference<Metrics> last = new AtomicReference<>();
            Trainer.Hooks hooks = new Trainer.Hooks(
                    p -> {
                        Optional<Metrics> metrics = evaluate(evaluator, network, p);
                        metrics.ifPresent(last::set);
                        return metrics;
                    },
                    this::writeCheckpoint,
                    setup.config().keep().checkpointEvery(),
                    stop);
            return trainer.run(hooks, listener)
                    ? Optional.of(new Trained(model(trainer.progress()), last.get()))
                    : Optional.empty();
        }
    }

    private Batches batches() {
        Recipe.Images images = setup.recipe().images();
        return new Batches(
                setup.split().train(),
                normalization,
                new Order(
                        images.shuffle(), images.augmentation(), setup.config().seed()),
                setup.part(),
                images.batchSize(),
                setup.config().compute().precision(),
                start.position().epoch(),
                start.position().batch());
    }

    private Optional<UnaryOperator<double[]>> synchronizedBatchNorm() {
        boolean on = setup.config().compute().syncBatchNorm() && setup.group().size() > 1;
        return on ? Optional.of(setup.group()::allReduce) : Optional.empty();
    }

    private Optional<Tensor> classWeights(Natives natives) {
        ClassWeights weights = setup.recipe().images().classWeights();
        if (weights == ClassWeights.NONE) {
            return Optional.empty();
        }
        int[] counts = new int[setup.config().architecture().classes()];
        for (int i = 0; i < setup.split().train().size(); i++) {
            counts[setup.split().train().label(i)]++;
        }
        try (Scope scope = Scope.noGrad()) {
            return Optional.of(natives.own(backend.device().move(Tensors.of(weights.of(counts), counts.length))));
        }
    }

    private Optional<Metrics> evaluate(Evaluator evaluator, TrainingNetwork network, Progress p) {
        RunningStatistics before = RunningStatistics.of(state.weights());
        shareBuffers(state.shown());
        Optional<Metrics> metrics = setup.evaluation().measure(evaluator, network, p, stop);
        if (metrics.isEmpty() || evaluateOnly) {
            before.restore(state.weights());
        }
        metrics.ifPresent(m -> keepIfBest(p, m));
        return metrics;
    }

    /**
     * BN's running statistics are each process's own, of its part of the minibatches, until somebody looks at the network:
     * then they are process 0's, as in PyTorch's DDP, and so are those of a checkpoint.
     */
    private void shareBuffers(Weights weights) {
        weights.tensors().forEach((parameter, tensor) -> {
            if (!parameter.trained()) {
                setup.group().broadcast(tensor);
            }
        });
    }

    private void keepIfBest(Progress p, Metrics m) {
        double accuracy = m.validation().accuracy();
        if (setup.directory().isPresent() && setup.config().keep().best() && p.isBest(accuracy)) {
            setup.cards()
                    .tested(model(p.evaluated(accuracy)), m.test())
                    .save(setup.directory().get().best());
            listener.accept(new TrainingEvent.BestKept(m));
        }
    }

    private boolean writeCheckpoint(Progress p) {
        setup.directory().ifPresent(d -> new Checkpoints(d.checkpoints()).write(state.checkpoint(p, card(p))));
        return setup.directory().isPresent();
    }

    private Model model(Progress p) {
        return Model.of(card(p), state.shown());
    }

    private Card card(Progress p) {
        return setup.cards().of(normalization, p);
    }
}
