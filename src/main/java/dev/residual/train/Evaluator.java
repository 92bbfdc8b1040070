package dev.residual.train;

import dev.residual.data.Batch;
import dev.residual.data.Batches;
import dev.residual.data.Batches.Order;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.data.Pixels;
import dev.residual.model.FoldedNetwork;
import dev.residual.model.Pass;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.tensor.Device;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import dev.residual.weights.ModelFile;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntUnaryOperator;

/** Shows a network a whole set of images and notes what it says. */
public final class Evaluator {
    private final ResNet network;
    private final State state;
    private final Normalization normalization;
    private final Precision precision;
    private final Device device;

    /** @param precision that the network computes in */
    public Evaluator(ResNet network, State state, Normalization normalization, Precision precision, Device device) {
        this.network = network;
        this.state = state;
        this.normalization = normalization;
        this.precision = precision;
        this.device = device;
    }

    /**
     * Of a network that was trained before, in the precision that it was trained in, where its file says so; otherwise in
     * float32.
     */
    public static Evaluator of(ModelFile model, State state, Device device) {
        String precision = model.card().provenance().getOrDefault(Provenance.PRECISION, Precision.FP32.toString());
        return of(model, state, Precision.of(precision, device), device);
    }

    public static Evaluator of(ModelFile model, State state, Precision precision, Device device) {
        return new Evaluator(model.network(), state, model.card().normalization(), precision, device);
    }

    /** Each image once, "the single view of the original 32×32 image"; BN uses its running statistics. */
    public Evaluation evaluate(ImageSet images) {
        return evaluate(images, () -> false).orElseThrow();
    }

    /**
     * The same.
     *
     * @param stop asked now and then, by any thread, whether to give up
     * @return nothing when it was stopped
     */
    public Optional<Evaluation> evaluate(ImageSet images, BooleanSupplier stop) {
        try (FoldedNetwork folded = FoldedNetwork.of(network, state)) {
            return folded.logits(
                            images.size(),
                            (from, to) -> Pixels.tensor(images, from, to, normalization, precision),
                            stop)
                    .map(logits -> new Tally(
                                    images.size(), network.architecture().classes())
                            .add(logits, images::label)
                            .result());
        }
    }

    /**
     * Each image once, in a view of the caller's choice, by a network that was never put into evaluation mode: BN uses
     * each batch's own statistics.
     *
     * @param stop asked before each batch whether to give up
     * @return nothing when it was stopped
     */
    public Optional<Evaluation> evaluateByBatchStatistics(
            ImageSet images, Order order, int batchSize, BooleanSupplier stop) {
        Tally tally = new Tally(images.size(), network.architecture().classes());
        try (Batches batches = new Batches(images, normalization, order, batchSize, precision, 0, 0)) {
            while (tally.count < images.size()) {
                if (stop.getAsBoolean()) {
                    return Optional.empty();
                }
                try (Scope scope = Scope.inference()) {
                    Batch batch = batches.next();
                    Pass pass = new Pass(state, Pass.Mode.BATCH_STATISTICS);
                    float[] logits = Tensors.floats(network.forward(device.move(batch.images()), pass));
                    long[] labels = Tensors.longs(batch.labels());
                    tally.add(logits, i -> (int) labels[i]);
                }
            }
        }
        return Optional.of(tally.result());
    }

    /** Softmax, arg max and cross-entropy of the logits, one image after the other, in double. */
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
                int from = i * classes;
                int best = 0;
                for (int c = 1; c < classes; c++) {
                    best = logits[from + c] > logits[from + best] ? c : best;
                }
                double sum = 0;
                for (int c = 0; c < classes; c++) {
                    sum += Math.exp(logits[from + c] - logits[from + best]);
                }
                labels[count] = label.applyAsInt(i);
                predicted[count] = best;
                confidence[count] = (float) (1 / sum);
                lossSum += Math.log(sum) - (logits[from + labels[count]] - logits[from + best]);
            }
            return this;
        }

        Evaluation result() {
            return new Evaluation(labels, predicted, confidence, lossSum / count, classes);
        }
    }
}
