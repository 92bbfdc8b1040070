package dev.residual.train;

import dev.residual.ResidualException;
import dev.residual.backend.Backend;
import dev.residual.data.Dataset;
import dev.residual.data.Normalization;
import dev.residual.distributed.LostProcessException;
import dev.residual.distributed.ProcessGroup;
import dev.residual.model.Model;
import dev.residual.nn.Initialization;
import dev.residual.run.Checkpoint;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.Progress;
import dev.residual.run.RunConfig;
import dev.residual.run.RunConfig.Compute;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import java.nio.file.Files;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** One run: what a configuration says, from the start or from a checkpoint to the end. */
public final class TrainingRun {
    private final RunSetup setup;
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
        setup = RunSetup.of(config, dataset, directory, group);
        this.from = from;
        start = from.map(Checkpoint::progress)
                .orElseGet(() -> Progress.start(config.recipe().schedule()))
                .goingOnTo(lastIteration());
        ResidualException.require(
                start.iteration() <= lastIteration(),
                name() + " has " + start.iteration() + " iterations behind it already, and is to end after "
                        + lastIteration());
        from.ifPresent(this::requireThatItFits);
    }

    public RunConfig config() {
        return setup.config();
    }

    public Dataset dataset() {
        return setup.dataset();
    }

    /** Where the run starts. */
    public Progress start() {
        return start;
    }

    /** Spent in summing up the gradients of all processes. */
    public double allReduceSeconds() {
        return setup.group().allReduceSeconds();
    }

    public int batchesPerEpoch() {
        return setup.batchesPerEpoch();
    }

    /** The iterations of the whole run. */
    public long lastIteration() {
        return setup.lastIteration();
    }

    private String name() {
        return setup.directory().map(d -> d.path().toString()).orElse("the run");
    }

    /** Somebody may have changed config.json. */
    private void requireThatItFits(Checkpoint checkpoint) {
        boolean fits = checkpoint.model().architecture().equals(setup.config().architecture())
                && checkpoint.optimizer().keySet().equals(TrainingState.names(setup.recipe(), setup.graph()));
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
        Optional<RunDirectory> directory = setup.directory();
        RunConfig config = setup.config();
        directory.ifPresent(config::write);
        Compute compute = config.compute();
        Engine.start(compute.threads());
        try (Backend backend = Backend.of(compute.backend(), Device.of(compute.device()), compute.precision())) {
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
                || start.isOutOfPatience(setup.recipe().length().patience());
    }

    /**
     * It was finished before; then nothing is written, unless a crash came between its last checkpoint and its model.
     * (Several processes evaluate once more: only process 0 would know.)
     */
    private Optional<Trained> finishedBefore() {
        if (!isOver() || setup.directory().isEmpty() || setup.group().size() > 1) {
            return Optional.empty();
        }
        return new MetricsFile(setup.directory().get().metrics())
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
            return setup.directory()
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
        String before = setup.config().made().software().backend();
        if (!before.equals(now)) {
            warning.accept("this run started on " + before + " and continues on " + now
                    + ": its results will differ slightly from those of a run that did not change");
        } else if (backend.isFallback()) {
            warning.accept("training is slower than it could be: it runs on " + now);
        }
    }

    private Optional<Trained> run(Backend backend, Consumer<TrainingEvent> listener, BooleanSupplier stop) {
        Normalization normalization = from.map(c -> c.model().card().normalization())
                .orElseGet(() -> Normalization.of(
                        setup.recipe().images().normalization(), setup.split().train()));
        // A run that had ended has lost the row of its last evaluation.
        Progress progress = isOver() ? start.beforeItsEvaluation() : start;
        try (TrainingState state = state(backend.device())) {
            return new Execution(setup, backend, normalization, state, progress, isOver(), listener, stop)
                    .run()
                    .map(trained -> finish(trained.model(), trained.metrics()));
        }
    }

    private TrainingState state(Device device) {
        if (from.isEmpty()) {
            return TrainingState.of(
                    setup.recipe(),
                    setup.graph(),
                    Initialization.he(setup.graph(), setup.config().seed(), device));
        }
        TrainingState state = TrainingState.of(setup.recipe(), setup.graph(), from.get(), device);
        from = Optional.empty(); // let go: of a wide network's it is half a gigabyte
        return state;
    }

    /** The model of the last iteration tells what it reached. */
    private Trained finish(Model model, Metrics last) {
        Model finished = setup.cards().tested(model, last.test());
        setup.directory().ifPresent(d -> {
            if (!isOver() || savedModel().isEmpty()) {
                d.forgetResponses();
            }
            finished.save(d.model());
        });
        return new Trained(finished, last);
    }
}
