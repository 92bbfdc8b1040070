package dev.residual.nn;

import dev.residual.backend.Backend;
import dev.residual.backend.Kernel;
import dev.residual.backend.Pass.Statistics;
import dev.residual.graph.Dropping;
import dev.residual.graph.Fusion;
import dev.residual.graph.Graph;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * A network that is trained: a graph, its weights, and what computes them. Gradients are the graph's own, not those of
 * libtorch's autograd: they may overwrite what autograd may not, and leave those of the filters for later.
 */
public final class TrainingNetwork implements AutoCloseable {
    private final Walk.Prepared prepared;
    private final Weights weights;
    private final FlatParameters gradients;
    private final Map<String, Kernel> kernels;
    private final Optional<UnaryOperator<double[]>> sums;
    private Walk walk;

    /**
     * @param weights of the graph, on the backend's device; changed by training, and not closed with this
     * @param backend not closed with this either
     */
    public TrainingNetwork(Graph graph, Weights weights, Backend backend) {
        this(graph, weights, backend, Optional.empty());
    }

    /** @param sums adds up numbers over all processes, for BN by the statistics of their whole minibatch */
    public TrainingNetwork(Graph graph, Weights weights, Backend backend, Optional<UnaryOperator<double[]>> sums) {
        this.sums = sums;
        prepared = Walk.Prepared.of(Fusion.forTraining(graph), backend);
        kernels = prepared.byName();
        this.weights = weights;
        gradients = weights.zeros();
    }

    /** The gradients of the last backward pass. */
    public FlatParameters gradients() {
        return gradients;
    }

    /**
     * BN normalises by the batch's statistics, and these move its running ones.
     *
     * @param images N×C×H×W, normalised, float32 or bfloat16, in which the network then computes
     * @return N×classes float32 logits
     */
    public Tensor forward(Tensor images) {
        return forward(images, Set.of());
    }

    /**
     * The same, with stochastic depth.
     *
     * @param dropped names of {@link Dropping#operations}: what leads to them is not computed, and its gradients are 0
     */
    public Tensor forward(Tensor images, Set<String> dropped) {
        if (!dropped.isEmpty()) {
            gradients.all().zero_();
        }
        return forward(images, without(dropped), sums);
    }

    private Walk.Prepared without(Set<String> dropped) {
        return Dropping.operations(prepared.graph()).isEmpty()
                ? prepared
                : prepared.with(Dropping.of(prepared.graph(), dropped), kernels);
    }

    private Tensor forward(Tensor images, Walk.Prepared network, Optional<UnaryOperator<double[]>> over) {
        walk = new Walk(network, weights, Statistics.BATCH_AND_UPDATE, Optional.of(gradients), over);
        return walk.forward(images);
    }

    /**
     * For a process without images in a minibatch: adds zeros to the all-reduces that the others wait for; {@link
     * #backward} with zeros must follow.
     *
     * @param images any, N×C×H×W
     * @return their logits; empty where processes do not share BN's statistics
     */
    public Optional<Tensor> forwardWithoutImages(Tensor images, Set<String> dropped) {
        return sums.map(
                all -> forward(images, without(dropped), Optional.of(own -> all.apply(new double[own.length]))));
    }

    /**
     * After {@link #forward}, in the same scope: leaves the gradients of all trained parameters in {@link #gradients}.
     *
     * @param gradient N×classes float32, of the loss with respect to the logits
     */
    public void backward(Tensor gradient) {
        walk.backward(gradient);
    }

    /**
     * Logits as a network shows them that is never put into evaluation mode: with each batch's own statistics.
     *
     * @param statistics whether these move the running ones
     */
    public Tensor forwardOnly(Tensor images, Statistics statistics) {
        return new Walk(prepared, weights, statistics, Optional.empty()).forward(images);
    }

    @Override
    public void close() {
        prepared.close();
        gradients.close();
    }
}
