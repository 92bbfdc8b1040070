package dev.residual.evaluate;

import dev.residual.backend.Backend;
import dev.residual.backend.Pass;
import dev.residual.data.Batch;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.data.Part;
import dev.residual.data.Pixels;
import dev.residual.graph.Graph;
import dev.residual.model.Model;
import dev.residual.model.Provenance;
import dev.residual.nn.InferenceNetwork;
import dev.residual.nn.Softmax;
import dev.residual.nn.TrainingNetwork;
import dev.residual.nn.Weights;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;

/** Evaluates a network on a set of images. */
public final class Evaluator {
    private final Graph graph;
    private final Function<String, float[]> weights;
    private final Normalization normalization;
    private final Compute compute;

    /**
     * Precision, device and backend.
     *
     * @param precision that the network computes in
     * @param backend {@code auto}, {@code onednn} or {@code libtorch}
     */
    public record Compute(Precision precision, Device device, String backend) {
        /** In the precision that the model was trained in, where it says so; otherwise in float32. */
        public static Compute of(Model model) {
            Engine.start();
            Precision precision = model.card()
                    .provenance()
                    .training()
                    .map(Provenance.Training::precision)
                    .orElse(Precision.FP32);
            return new Compute(precision, Device.of("auto"), "auto");
        }
    }

    /** @param weights gives the network's parameters and buffers as they are now, by name */
    public Evaluator(Graph graph, Function<String, float[]> weights, Normalization normalization, Compute compute) {
        this.graph = graph;
        this.weights = weights;
        this.normalization = normalization;
        this.compute = compute;
    }

    /**
     * Evaluates a model on images, each once and as it is, in the precision that the model was trained in.
     *
     * @throws dev.residual.ResidualException when a weight is NaN or infinite
     */
    public static Evaluation evaluate(Model model, ImageSet images) {
        return of(model, Compute.of(model)).evaluate(images);
    }

    /** @throws dev.residual.ResidualException when a weight is NaN or infinite */
    public static Evaluator of(Model model, Compute compute) {
        Engine.start();
        model.requireFinite("the model");
        return new Evaluator(model.graph(), model::floats, model.card().normalization(), compute);
    }

    /** Each image once, "the single view of the original 32×32 image"; BN uses its running statistics. */
    public Evaluation evaluate(ImageSet images) {
        return evaluate(images, () -> false).orElseThrow();
    }

    /**
     * The same.
     *
     * @param stop asked now and then, by any thread, whether to give up
     * @return empty when it was stopped
     */
    public Optional<Evaluation> evaluate(ImageSet images, BooleanSupplier stop) {
        Backend backend = Backend.of(compute.backend, compute.device, compute.precision);
        try (InferenceNetwork network = new InferenceNetwork(graph, weights, backend)) {
            return network.logits(
                            images.size(),
                            (from, to) -> Pixels.tensor(images, from, to, normalization, compute.precision),
                            stop)
                    .map(logits -> new Tally(images.size(), classes())
                            .add(logits, images::label)
                            .result());
        }
    }

    /**
     * Each image once, in an order and view of the caller's choice, by a network that was never put into evaluation mode:
     * BN uses each batch's own statistics. So an image's class depends on the images beside it, and if these also move the
     * running statistics, on which images came last.
     *
     * @param network of these weights
     * @param part of each batch that is evaluated
     * @param statistics whether the batches move the running ones, as PyTorch's do in training mode
     * @param stop asked before each batch whether to give up
     * @return empty when it was stopped; what has moved until then, has moved
     */
    public Optional<Evaluation> evaluateByBatchStatistics(
            TrainingNetwork network,
            ImageSet images,
            Order order,
            Part part,
            int batchSize,
            Pass.Statistics statistics,
            BooleanSupplier stop) {
        int count = Batches.imagesOf(part, images.size(), batchSize);
        Tally tally = new Tally(count, classes());
        try (Batches batches = new Batches(images, normalization, order, part, batchSize, compute.precision, 0, 0)) {
            while (tally.count < count) {
                if (stop.getAsBoolean()) {
                    return Optional.empty();
                }
                try (Scope scope = Scope.inference()) {
                    Batch batch = batches.next();
                    if (batch.size() == 0) {
                        continue;
                    }
                    float[] logits =
                            Tensors.floats(network.forwardOnly(compute.device.move(batch.images()), statistics));
                    long[] labels = Tensors.longs(batch.labels());
                    tally.add(logits, i -> (int) labels[i]);
                }
            }
        }
        return Optional.of(tally.result());
    }

    /** The same of the images as they are, in their own order; nothing moves. */
    public Evaluation evaluateByBatchStatistics(ImageSet images, int batchSize) {
        try (Backend backend = Backend.of(compute.backend, compute.device, compute.precision);
                Weights all = new Weights(graph, p -> weights.apply(p.name()), compute.device);
                TrainingNetwork network = new TrainingNetwork(graph, all, backend)) {
            return evaluateByBatchStatistics(
                            network, images, Order.PLAIN, Part.WHOLE, batchSize, Pass.Statistics.BATCH, () -> false)
                    .orElseThrow();
        }
    }

    private int classes() {
        return graph.output().shape().channels();
    }

    /** The evaluation that the logits of one image after the other add up to. */
    private static final class Tally {
        private final int[] labels;
        private final int[] predicted;
        private final float[] confidence;
        private final int classes;
        private double lossSum;
        private int count;

        Tally(int images, int classes) {
            labels = new int[images];
            predicted = new int[images];
            confidence = new float[images];
            this.classes = classes;
        }

        /** @param label of each of these images */
        Tally add(float[] logits, IntUnaryOperator label) {
            for (int i = 0; i < logits.length / classes; i++, count++) {
                Softmax softmax = new Softmax(logits, i * classes, classes);
                labels[count] = label.applyAsInt(i);
                predicted[count] = softmax.best();
                confidence[count] = (float) softmax.probability(softmax.best());
                lossSum += softmax.crossEntropy(labels[count]);
            }
            return this;
        }

        Evaluation result() {
            return new Evaluation(labels, predicted, confidence, lossSum / count, classes);
        }
    }
}
