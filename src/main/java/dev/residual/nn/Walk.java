package dev.residual.nn;

import dev.residual.backend.Backend;
import dev.residual.backend.Kernel;
import dev.residual.backend.Pass;
import dev.residual.backend.Pass.Statistics;
import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import dev.residual.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * A pass of one minibatch through a graph, forward from node to node and backward. It is made within a {@link Scope} and
 * not used after that. A tensor is freed after its last use.
 */
final class Walk {
    private final Prepared network;
    private final Weights weights;
    private final Pass.Statistics statistics;
    private final Optional<FlatParameters> gradients;
    private final Optional<UnaryOperator<double[]>> sums;
    private final Scope home = Scope.current();
    private final Tensor[] values;
    private final List<List<Tensor>> saved = new ArrayList<>();

    /**
     * A graph, what computes it, and in which order.
     *
     * @param kernels of each node that is computed; the caller closes them
     */
    record Prepared(Graph graph, Liveness liveness, Backend backend, Kernel[] kernels) implements AutoCloseable {
        static Prepared of(Graph graph, Backend backend) {
            Liveness liveness = Liveness.of(graph);
            Kernel[] kernels = new Kernel[graph.nodes().size()];
            liveness.computed().stream()
                    .forEach(i ->
                            kernels[i] = backend.kernel(graph, graph.nodes().get(i)));
            return new Prepared(graph, liveness, backend, kernels);
        }

        /**
         * Another graph of the same operations and some of the nodes, for one pass.
         *
         * @param byName the kernels by the names of their operations
         */
        Prepared with(Graph other, Map<String, Kernel> byName) {
            Kernel[] its = other.nodes().stream()
                    .map(node -> byName.get(node.operation().name()))
                    .toArray(Kernel[]::new);
            return new Prepared(other, Liveness.of(other), backend, its);
        }

        Map<String, Kernel> byName() {
            Map<String, Kernel> byName = new HashMap<>();
            liveness.computed().stream()
                    .forEach(i -> byName.put(graph.nodes().get(i).operation().name(), kernels[i]));
            return byName;
        }

        @Override
        public void close() {
            liveness.computed().stream().forEach(i -> kernels[i].close());
        }
    }

    /** @param gradients receives those of the backward pass; empty where there will be none */
    Walk(Prepared network, Weights weights, Pass.Statistics statistics, Optional<FlatParameters> gradients) {
        this(network, weights, statistics, gradients, Optional.empty());
    }

    /** @param sums see {@link Pass#sums} */
    Walk(
            Prepared network,
            Weights weights,
            Pass.Statistics statistics,
            Optional<FlatParameters> gradients,
            Optional<UnaryOperator<double[]>> sums) {
        this.sums = sums;
        this.network = network;
        this.weights = weights;
        this.statistics = statistics;
        this.gradients = gradients;
        values = new Tensor[network.kernels.length];
        network.graph.nodes().forEach(node -> saved.add(List.of()));
    }

    Tensor forward(Tensor images) {
        return forward(images, (node, output) -> {});
    }

    /** @param seen is shown the output of each node, which may be overwritten afterwards */
    Tensor forward(Tensor images, BiConsumer<Node, Tensor> seen) {
        if (statistics != Statistics.RUNNING) { // an inference's thread has its number of threads already
            network.backend.tasks().beginForward();
        }
        values[0] = network.backend.input(images);
        for (Node node : network.graph.nodes()) {
            if (network.liveness.computed().get(node.index())) {
                forward(node);
                seen.accept(node, values[node.index()]);
            }
        }
        return values[values.length - 1];
    }

    private void forward(Node node) {
        List<Tensor> inputs = node.inputs().stream().map(i -> values[i]).toList();
        Kernel kernel = network.kernels[node.index()];
        values[node.index()] = Scope.within(() -> kernel.forward(inputs, new NodePass(node, false)));
        for (int i : node.inputs()) {
            if (i > 0 && network.liveness.lastUse()[i] == node.index()) {
                values[i].close();
            }
        }
    }

    /**
     * The gradient of a node's output, as far as it is known.
     *
     * @param owned whether nobody else reads the tensor, so that it may be overwritten
     */
    private record Gradient(Tensor tensor, boolean owned) {}

    /** @param gradient of the loss with respect to the logits */
    void backward(Tensor gradient) {
        Gradient[] found = new Gradient[values.length];
        found[found.length - 1] = new Gradient(home.share(gradient), false);
        try {
            network.backend.tasks().beginBackward();
            for (int i = found.length - 1; i > 0; i--) {
                if (found[i] != null) {
                    backward(network.graph.nodes().get(i), found);
                    network.backend.tasks().backwardDone(network.liveness.backwardDone()[i]);
                }
            }
        } finally {
            network.backend.tasks().await();
        }
    }

    private void backward(Node node, Gradient[] found) {
        Gradient mine = found[node.index()];
        NodePass pass = new NodePass(node, mine.owned);
        try (Scope scope = Scope.open()) {
            List<Tensor> ofInputs = network.kernels[node.index()].backward(mine.tensor, pass);
            for (int k = 0; k < ofInputs.size(); k++) {
                int input = node.inputs().get(k);
                if (network.liveness.trained().get(input)) {
                    Tensor ofInput = ofInputs.get(k);
                    boolean mineOnly = mine.owned && ofInputs.size() == 1 && !pass.isReadLater;
                    boolean owned = ofInput != mine.tensor || mineOnly;
                    found[input] = sum(found[input], new Gradient(home.share(ofInput), owned));
                }
            }
        }
        mine.tensor.close();
        saved.get(node.index()).forEach(Tensor::close);
    }

    /** Adds the gradient of another path, in place where the memory is ours. */
    private Gradient sum(Gradient before, Gradient more) {
        if (before == null) {
            return more;
        }
        Gradient target = more.owned ? more : before;
        Gradient other = target == more ? before : more;
        if (target.owned) {
            target.tensor.add_(other.tensor);
            other.tensor.close();
            return target;
        }
        Gradient sum = new Gradient(home.share(target.tensor.add(other.tensor)), true);
        target.tensor.close();
        other.tensor.close();
        return sum;
    }

    private final class NodePass implements Pass {
        private final Node node;
        private final boolean ownsGradient;
        private boolean isReadLater;

        NodePass(Node node, boolean ownsGradient) {
            this.node = node;
            this.ownsGradient = ownsGradient;
        }

        @Override
        public Statistics statistics() {
            return network.graph.isFrozen(node) ? Statistics.RUNNING : statistics;
        }

        @Override
        public Optional<UnaryOperator<double[]>> sums() {
            return sums;
        }

        @Override
        public Tensor parameter(String part) {
            return weights.get(node.operation().name() + "." + part);
        }

        @Override
        public Tensor gradient(String part) {
            return gradients.orElseThrow().views().get(node.operation().name() + "." + part);
        }

        @Override
        public boolean mayOverwrite(int input) {
            return network.liveness.mayOverwrite(node, input, gradients.isPresent());
        }

        @Override
        public boolean ownsGradient() {
            return ownsGradient;
        }

        @Override
        public boolean wantsInputGradient() {
            return node.inputs().stream().anyMatch(network.liveness.trained()::get);
        }

        @Override
        public void save(Tensor... tensors) {
            if (gradients.isPresent() && network.liveness.trained().get(node.index())) {
                saved.set(node.index(), shared(tensors));
            }
        }

        @Override
        public List<Tensor> saved() {
            return saved.get(node.index());
        }

        @Override
        public void later(Consumer<List<Tensor>> computation, Tensor... needed) {
            isReadLater = true;
            List<Tensor> kept = shared(needed);
            network.backend.tasks().later(() -> {
                try {
                    computation.accept(kept);
                } finally {
                    kept.forEach(Tensor::close);
                }
            });
        }

        private List<Tensor> shared(Tensor... tensors) {
            return Arrays.stream(tensors).map(home::share).toList();
        }
    }
}
