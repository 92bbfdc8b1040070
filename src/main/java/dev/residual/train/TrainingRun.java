package dev.residual.train;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.Dataset;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.data.Seed;
import dev.residual.model.Gradients;
import dev.residual.model.Initialization;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.model.Summary;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.weights.ModelFile;
import dev.residual.weights.ModelFile.Card;
import dev.residual.weights.Safetensors;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * One run: what a configuration says, put together around the {@link Trainer}, from the start or from a checkpoint to the
 * end.
 */
public final class TrainingRun {
    /** Keeps the augmentation of evaluated training images apart from that of trained ones. */
    private static final long EVALUATION = 0x6576616cL; // "eval"

    private final RunDirectory directory;
    private final RunConfig config;
    private final Dataset dataset;
    private final Split split;
    private final Recipe recipe;
    private final ResNet network;
    private final Checkpoints checkpoints;
    private final BooleanSupplier stop;

    /** @param stop asked whether to stop: after each step, and in an evaluation by several threads at once */
    public TrainingRun(RunDirectory directory, RunConfig config, Dataset dataset, BooleanSupplier stop) {
        if (config.architecture().classes() != dataset.classes().size()) {
            throw new ResidualException(
                    "the network has " + config.architecture().classes() + " classes, " + dataset.name() + " has "
                            + dataset.classes().size());
        }
        this.directory = directory;
        this.config = config;
        this.dataset = dataset;
        this.split = Split.of(dataset, config.data().validation(), config.seed());
        if (split.train().size() == 0 || split.test().size() == 0) {
            throw new ResidualException(dataset.name() + " has " + split.train().size() + " training images and "
                    + split.test().size() + " test images: expected some of both");
        }
        this.recipe = config.recipe();
        this.network = ResNet.of(config.architecture());
        this.checkpoints = new Checkpoints(directory.checkpoints());
        this.stop = stop;
    }

    public int batchesPerEpoch() {
        return Batches.perEpoch(split.train().size(), recipe.batchSize());
    }

    /** The iterations of the whole run. */
    public long lastIteration() {
        return recipe.lastIteration(batchesPerEpoch());
    }

    /**
     * Trains to the end, or until it is stopped, and leaves configuration, metrics, log and a checkpoint; at the end,
     * the model file too.
     *
     * @param from where to go on; nothing to start anew
     * @param view is told how it goes
     * @return the metrics of the last iteration; empty when it was stopped before
     * @throws ResidualException when {@code from} is beyond the end
     */
    public Optional<Metrics> run(Optional<Checkpoint> from, TrainingListener view) {
        Progress progress = from.map(Checkpoint::progress)
                .orElseGet(() -> Progress.start(recipe))
                .goingOnTo(lastIteration());
        if (progress.iteration() > lastIteration()) {
            throw new ResidualException(directory.path() + " has " + progress.iteration()
                    + " iterations behind it already," + " and is to end after " + lastIteration());
        }
        from.ifPresent(this::requireThatItFits);
        requireThatCheckpointsCanBeRead();
        config.write(directory);
        if (progress.iteration() == lastIteration() && !progress.evaluationDue()) {
            // Finished before; but a crash may have come between its last checkpoint and its model.
            Optional<Metrics> last = lastRow(new MetricsFile(directory.metrics()).read());
            if (last.isPresent()) {
                return Optional.of(finish(from.orElseThrow().model(), last.get()));
            }
            progress = progress.unevaluated();
        }
        Engine.start(config.threads());
        Device device = Device.of(config.device());
        Recorder recorder = new Recorder(directory, progress, config.logSteps(), view::onWarning);
        view.onStart(progress);
        warnOfOtherKernels(view);
        Normalization normalization = from.map(c -> c.model().card().normalization())
                .orElseGet(() -> Normalization.of(recipe.normalization(), split.train()));
        Order order = new Order(recipe.shuffle(), recipe.augmentation(), config.seed());
        try (State state = from.map(c -> c.model().state(device))
                        .orElseGet(() -> Initialization.he(network, config.seed(), device));
                Gradients gradients = new Gradients(state);
                Optimizer optimizer = Optimizer.of(recipe, state);
                Batches batches = new Batches(
                        split.train(),
                        normalization,
                        order,
                        recipe.batchSize(),
                        config.precision(),
                        progress.epoch(),
                        progress.batch())) {
            from.ifPresent(c -> c.restore(optimizer));
            Evaluator evaluator = new Evaluator(network, state, normalization, config.precision(), device);
            Trainer trainer = new Trainer(
                    network, state, gradients, optimizer, batches, recipe, lastIteration(), device, progress);
            Trainer.Hooks hooks = new Trainer.Hooks(
                    p -> evaluate(evaluator, p),
                    p -> checkpoints.write(Checkpoint.of(p, card(normalization, p.iteration()), state, optimizer)),
                    config.checkpointEvery(),
                    stop);
            boolean finished = trainer.run(hooks, TrainingListener.all(recorder, view));
            if (!finished) {
                return Optional.empty();
            }
            Metrics last = lastRow(recorder.rows()).orElseThrow();
            return Optional.of(finish(ModelFile.of(card(normalization, lastIteration()), state), last));
        } catch (RuntimeException e) {
            recorder.failed(e);
            throw e;
        }
    }

    private Optional<Metrics> lastRow(List<Metrics> rows) {
        return rows.stream().filter(row -> row.iteration() == lastIteration()).findFirst();
    }

    /** The model of the last iteration tells what it reached. */
    private Metrics finish(ModelFile model, Metrics last) {
        model.with(Card.TEST_ACCURACY, String.format(Locale.ROOT, "%.2f %%", last.testAccuracy()))
                .write(directory.model());
        return last;
    }

    /** Better said now than after hours of training. */
    private void requireThatCheckpointsCanBeRead() {
        long bytes = Float.BYTES * Summary.of(config.architecture()).parameters();
        long largest = bytes * Math.max(1, Optimizer.memories(recipe));
        if (largest > Safetensors.MAX_FILE) {
            throw new ResidualException(config.architecture().name() + " with " + recipe.optimizer()
                    + " has checkpoints of " + (largest >> 20) + " MiB, more than the " + (Safetensors.MAX_FILE >> 20)
                    + " MiB that can be read again");
        }
    }

    private void warnOfOtherKernels(TrainingListener view) {
        String before = config.provenance().getOrDefault(Provenance.KERNELS, Engine.kernels());
        if (!before.equals(Engine.kernels())) {
            view.onWarning("this run began with " + before + " and goes on with " + Engine.kernels()
                    + ": the results will differ slightly from those of a run that did not change");
        } else if (!Engine.hasOneDnn()) {
            view.onWarning(Engine.kernels() + "; training is slower");
        }
    }

    /** Somebody may have changed config.json. */
    private void requireThatItFits(Checkpoint checkpoint) {
        Set<String> memory = checkpoint.memory().keySet();
        if (!checkpoint.model().card().architecture().equals(config.architecture())
                || !memory.equals(Optimizer.memoryNames(recipe, network))) {
            throw new ResidualException(
                    directory.config()
                            + ": its network or optimizer is not that of the checkpoint, and the run cannot go on with another");
        }
    }

    /** The row of metrics that this epoch ends with. */
    private Optional<Metrics> evaluate(Evaluator evaluator, Progress p) {
        Optional<Evaluation> train =
                recipe.evaluateTraining() ? evaluate(evaluator, split.train(), trainingView(p)) : Optional.empty();
        Optional<Evaluation> validation =
                split.validation().size() > 0 ? evaluate(evaluator, split.validation(), Order.PLAIN) : Optional.empty();
        Optional<Evaluation> test = evaluate(evaluator, split.test(), Order.PLAIN);
        if (test.isEmpty()) {
            return Optional.empty(); // it was stopped
        }
        return Optional.of(new Metrics(
                p.epochNumber(),
                p.iteration(),
                p.iteration() == 0 ? new LearningRate(recipe).at(0, p.warmup().on()) : p.learningRate(),
                p.images() == 0 ? train.map(Evaluation::loss).orElse(Double.NaN) : p.trainLoss(),
                train.map(Evaluation::accuracy).orElse(p.trainAccuracy()),
                test.get().loss(),
                test.get().accuracy(),
                p.seconds(),
                p.imagesPerSecond(),
                validation.map(Evaluation::loss).orElse(Double.NaN),
                validation.map(Evaluation::accuracy).orElse(Double.NaN)));
    }

    /** @param order in which images come, where BN makes them depend on each other */
    private Optional<Evaluation> evaluate(Evaluator evaluator, ImageSet images, Order order) {
        return recipe.evalMode()
                ? evaluator.evaluate(images, stop)
                : evaluator.evaluateByBatchStatistics(images, order, recipe.batchSize(), stop);
    }

    /** The article's code evaluates training images through the loader that it trains from. */
    private Order trainingView(Progress p) {
        return new Order(recipe.shuffle(), recipe.augmentation(), Seed.mix(config.seed(), EVALUATION, p.epoch()));
    }

    private Card card(Normalization normalization, long iteration) {
        Map<String, String> provenance = new TreeMap<>(config.provenance());
        provenance.remove(Provenance.STARTED); // the same run, done again, is to give the same bytes
        provenance.put("dataset", dataset.name());
        provenance.put("images", Integer.toString(split.train().size()));
        dataset.sha256().forEach((file, sum) -> provenance.put("sha256 " + file, sum));
        provenance.put("recipe", Json.compact(recipe));
        provenance.put("validation", Integer.toString(config.data().validation()));
        provenance.put("seed", Long.toString(config.seed()));
        provenance.put(Provenance.PRECISION, config.precision().toString());
        provenance.put("threads", Integer.toString(config.threads()));
        provenance.put("iteration", Long.toString(iteration));
        return new Card(Card.FORMAT, config.architecture(), dataset.classes(), normalization, provenance);
    }
}
