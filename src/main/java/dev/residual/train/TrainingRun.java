package dev.residual.train;

import dev.residual.ResidualException;
import dev.residual.backend.Backend;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.Dataset;
import dev.residual.data.Normalization;
import dev.residual.data.Part;
import dev.residual.data.Split;
import dev.residual.distributed.LostProcessException;
import dev.residual.distributed.ProcessGroup;
import dev.residual.evaluate.Evaluator;
import dev.residual.graph.Graph;
import dev.residual.model.Model;
import dev.residual.model.Model.Card;
import dev.residual.nn.Initialization;
import dev.residual.nn.TrainingNetwork;
import dev.residual.nn.Weights;
import dev.residual.recipe.ClassWeights;
import dev.residual.recipe.Recipe;
import dev.residual.run.Checkpoint;
import dev.residual.run.Checkpoints;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.Progress;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Natives;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.nio.file.Files;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * One run: what a configuration says, put together around the {@link Trainer}, from the start or from a checkpoint to the
 * end.
 */
public final class TrainingRun {
    private final RunConfig config;
    private final Dataset dataset;
    private final Optional<RunDirectory> directory;
    private final ProcessGroup group;
    private final Part part;
    private final Split split;
    private final Recipe recipe;
    private final EpochEvaluation evaluation;
    private final ModelCards cards;
    private final Graph graph;
    private final Progress start;
    private Optional<Checkpoint> from;
    private boolean begun;

    /**
     * @param directory where everything is written; empty to write nothing
     * @param from where to go on; empty to start anew
     * @throws ResidualException when these do not fit together, the end is behind the checkpoint, or its files could not be
     *     read again
     */
    public TrainingRun(RunConfig config, Dataset dataset, Optional<RunDirectory> directory, Optional<Checkpoint> from) {
        this(config, dataset, directory, from, ProcessGroup.ALONE);
    }

    /**
     * The same for one of several processes, which all have the same configuration, data and checkpoint.
     *
     * @param directory only process 0 has one
     */
    public TrainingRun(
            RunConfig config,
            Dataset dataset,
            Optional<RunDirectory> directory,
            Optional<Checkpoint> from,
            ProcessGroup group) {
        this.config = config;
        this.dataset = dataset;
        this.directory = directory;
        this.from = from;
        this.group = group;
        part = new Part(group.rank(), group.size());
        split = Split.of(dataset, config.data().validation(), config.seed());
        new RunChecks(config, dataset, split, group.size()).require();
        recipe = config.recipe();
        evaluation = new EpochEvaluation(recipe, split, config.seed(), group);
        cards = new ModelCards(config, dataset, split, evaluation);
        graph = config.graph();
        start = from.map(Checkpoint::progress)
                .orElseGet(() -> Progress.start(recipe.schedule()))
                .goingOnTo(lastIteration());
        ResidualException.require(
                start.iteration() <= lastIteration(),
                name() + " has " + start.iteration() + " iterations behind it already, and is to end after "
                        + lastIteration());
        from.ifPresent(this::requireThatItFits);
    }

    public RunConfig config() {
        return config;
    }

    public Dataset dataset() {
        return dataset;
    }

    /** Where the run starts. */
    public Progress start() {
        return start;
    }

    /** Spent in summing up the gradients of all processes. */
    public double secondsTogether() {
        return group.seconds();
    }

    public int batchesPerEpoch() {
        return Batches.perEpoch(split.train().size(), recipe.images().batchSize());
    }

    /** The iterations of the whole run. */
    public long lastIteration() {
        return recipe.length().last(batchesPerEpoch());
    }

    private String name() {
        return directory.map(d -> d.path().toString()).orElse("the run");
    }

    /** Somebody may have changed config.json. */
    private void requireThatItFits(Checkpoint checkpoint) {
        boolean fits = checkpoint.model().architecture().equals(config.architecture())
                && checkpoint.optimizer().keySet().equals(TrainingState.names(recipe, graph));
        ResidualException.require(
                fits,
                name()
                        + ": config.json and the checkpoint have different networks or optimizers: the run cannot be"
                        + " resumed");
    }

    /**
     * Trains to the end, or until it is stopped, and leaves configuration, metrics, log and a checkpoint; at the end,
     * the model file too. A run runs once: what was stopped is resumed by a new one.
     *
     * @param stop asked whether to stop: after each step, and in an evaluation by several threads at once
     * @return empty when it was stopped
     */
    public Optional<Trained> run(Consumer<TrainingEvent> listener, BooleanSupplier stop) {
        Optional<Trained> finished = finishedBefore();
        if (finished.isPresent()) {
            return finished;
        }
        if (begun) {
            throw new IllegalStateException("this run has run already");
        }
        begun = true;
        directory.ifPresent(config::write);
        Engine.start(config.compute().threads());
        Device device = Device.of(config.compute().device());
        try (Backend backend =
                Backend.of(config.compute().backend(), device, config.compute().precision())) {
            Consumer<String> warning = sentence -> listener.accept(new TrainingEvent.Warning(sentence));
            Optional<Recorder> recorder =
                    directory.map(d -> new Recorder(d, start, config, backend.description(), warning));
            listener.accept(new TrainingEvent.Started(start));
            warnOfOtherBackend(backend, warning);
            try {
                return run(backend, recorder.map(r -> r.andThen(listener)).orElse(listener), stop);
            } catch (RuntimeException e) {
                recorder.ifPresent(r -> r.failed(e));
                throw e instanceof LostProcessException lost
                        ? new LostProcessException(
                                lost.getMessage() + "; the last checkpoint is kept: continue from it with 'resume'",
                                lost)
                        : e;
            }
        }
    }

    /** Whether the checkpoint that it starts from is that of its end. */
    public boolean isOver() {
        return start.iteration() == lastIteration() && !start.evaluationDue()
                || start.isOutOfPatience(recipe.length().patience());
    }

    /**
     * It was finished before; then nothing is written, unless a crash came between its last checkpoint and its model.
     * (Several processes evaluate once more: only process 0 would know.)
     */
    private Optional<Trained> finishedBefore() {
        if (!isOver() || directory.isEmpty() || group.size() > 1) {
            return Optional.empty();
        }
        return new MetricsFile(directory.get().metrics())
                .read().stream()
                        .filter(row -> row.iteration() == start.iteration())
                        .findFirst()
                        .map(last -> savedModel()
                                .map(model -> new Trained(model, last))
                                .orElseGet(() -> finish(from.orElseThrow().model(), last)));
    }

    /** That of this end, if it was written and can be read. */
    private Optional<Model> savedModel() {
        try {
            return directory
                    .map(RunDirectory::model)
                    .filter(Files::exists)
                    .map(Model::load)
                    .filter(this::isOfThisEnd);
        } catch (ResidualException e) {
            return Optional.empty(); // damaged: it is written again
        }
    }

    private boolean isOfThisEnd(Model model) {
        return model.card()
                .provenance()
                .training()
                .filter(t -> t.iteration() == start.iteration())
                .isPresent();
    }

    private void warnOfOtherBackend(Backend backend, Consumer<String> warning) {
        String now = backend.description();
        String before = config.made().software().backend();
        if (!before.equals(now)) {
            warning.accept("this run started on " + before + " and continues on " + now
                    + ": its results will differ slightly from those of a run that did not change");
        } else if (backend.isFallback()) {
            warning.accept("training is slower than it could be: it runs on " + now);
        }
    }

    private Optional<Trained> run(Backend backend, Consumer<TrainingEvent> listener, BooleanSupplier stop) {
        Device device = backend.device();
        Normalization normalization = from.map(c -> c.model().card().normalization())
                .orElseGet(() -> Normalization.of(recipe.images().normalization(), split.train()));
        Order order = new Order(recipe.images().shuffle(), recipe.images().augmentation(), config.seed());
        // A run that had ended has lost the row of its last evaluation.
        Progress progress = isOver() ? start.beforeItsEvaluation() : start;
        try (Natives natives = new Natives();
                TrainingState state = state(device);
                TrainingNetwork network = new TrainingNetwork(graph, state.weights(), backend, sums());
                Batches batches = new Batches(
                        split.train(),
                        normalization,
                        order,
                        part,
                        recipe.images().batchSize(),
                        config.compute().precision(),
                        progress.position().epoch(),
                        progress.position().batch())) {
            Evaluator.Compute compute = new Evaluator.Compute(
                    config.compute().precision(), device, config.compute().backend());
            Evaluator evaluator = new Evaluator(graph, state.shown()::floats, normalization, compute);
            Trainer trainer = new Trainer(
                    new Trainer.Session(
                            network,
                            DroppedBlocks.of(graph, config.seed()),
                            state,
                            batches,
                            device,
                            classWeights(natives, device),
                            group),
                    recipe,
                    lastIteration(),
                    progress);
            AtomicReference<Metrics> last = new AtomicReference<>();
            Trainer.Hooks hooks = new Trainer.Hooks(
                    p -> {
                        RunningStatistics before = RunningStatistics.of(state.weights());
                        shareBuffers(state.shown());
                        Optional<Metrics> metrics = evaluation.measure(evaluator, network, p, stop);
                        if (metrics.isEmpty() || isOver()) { // stopped half-way, or done before
                            before.restore(state.weights());
                        }
                        metrics.ifPresent(m -> {
                            last.set(m);
                            keepIfBest(p, m, normalization, state, listener);
                        });
                        return metrics;
                    },
                    p -> {
                        directory.ifPresent(d -> new Checkpoints(d.checkpoints())
                                .write(state.checkpoint(p, cards.of(normalization, p))));
                        return directory.isPresent();
                    },
                    config.keep().checkpointEvery(),
                    stop);
            boolean finished = trainer.run(hooks, listener);
            return finished
                    ? Optional.of(
                            finish(Model.of(cards.of(normalization, trainer.progress()), state.shown()), last.get()))
                    : Optional.empty();
        }
    }

    private TrainingState state(Device device) {
        if (from.isEmpty()) {
            return TrainingState.of(recipe, graph, Initialization.he(graph, config.seed(), device));
        }
        TrainingState state = TrainingState.of(recipe, graph, from.get(), device);
        from = Optional.empty(); // let go: of a wide network's it is half a gigabyte
        return state;
    }

    private Optional<Tensor> classWeights(Natives natives, Device device) {
        ClassWeights weights = recipe.images().classWeights();
        if (weights == ClassWeights.NONE) {
            return Optional.empty();
        }
        int[] counts = new int[config.architecture().classes()];
        for (int i = 0; i < split.train().size(); i++) {
            counts[split.train().label(i)]++;
        }
        try (Scope scope = Scope.noGrad()) {
            return Optional.of(natives.own(device.move(Tensors.of(weights.of(counts), counts.length))));
        }
    }

    private void keepIfBest(
            Progress p, Metrics m, Normalization normalization, TrainingState state, Consumer<TrainingEvent> listener) {
        double accuracy = m.validation().accuracy();
        if (directory.isPresent() && config.keep().best() && p.isBest(accuracy)) {
            Card card = cards.of(normalization, p.evaluated(accuracy));
            cards.tested(Model.of(card, state.shown()), m.test())
                    .save(directory.get().best());
            listener.accept(new TrainingEvent.BestKept(m));
        }
    }

    private Optional<UnaryOperator<double[]>> sums() {
        boolean synced = config.compute().syncBatchNorm() && group.size() > 1;
        return synced ? Optional.of(group::allReduce) : Optional.empty();
    }

    /**
     * BN's running statistics are each process's own, of its part of the minibatches, until somebody looks at the network:
     * then they are process 0's, as in PyTorch's DDP, and so are those of a checkpoint.
     */
    private void shareBuffers(Weights weights) {
        weights.tensors().forEach((parameter, tensor) -> {
            if (!parameter.trained()) {
                group.broadcast(tensor);
            }
        });
    }

    /** The model of the last iteration tells what it reached. */
    private Trained finish(Model model, Metrics last) {
        Model finished = cards.tested(model, last.test());
        directory.ifPresent(d -> {
            if (!isOver() || savedModel().isEmpty()) {
                d.forgetResponses();
            }
            finished.save(d.model());
        });
        return new Trained(finished, last);
    }
}
