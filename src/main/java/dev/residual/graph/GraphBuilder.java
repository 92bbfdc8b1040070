package dev.residual.graph;

import dev.residual.graph.Graph.Node;
import dev.residual.graph.Operation.Epilogue;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Builds a {@link Graph} in the way that PyTorch's modules are written: each method of a {@link Value} adds one operation
 * and returns its output.
 */
public final class GraphBuilder {
    private final boolean convBias;
    private final List<Node> nodes = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private String prefix = "";

    /** @param convBias whether convolutions have biases */
    public GraphBuilder(boolean convBias) {
        this.convBias = convBias;
    }

    /** The input of the network. */
    public Value images(Shape shape) {
        return add(new Operation.Input("images", shape), List.of());
    }

    /** Builds a part of a network; the names of its layers begin with {@code name} and a dot. */
    public Value in(String name, Supplier<Value> part) {
        String outer = prefix;
        prefix = outer + name + ".";
        Value value = part.get();
        prefix = outer;
        return value;
    }

    /** @param output what the last operation computed */
    public Graph build(Value output) {
        if (output.node.index() != nodes.size() - 1) {
            throw new IllegalArgumentException("the output is not the last operation's");
        }
        return new Graph(nodes, Set.of());
    }

    private Value add(Operation operation, List<Value> inputs) {
        if (!names.add(operation.name())) {
            throw new IllegalArgumentException("two operations are named " + operation.name());
        }
        List<Shape> shapes = inputs.stream().map(Value::shape).toList();
        List<Integer> places = inputs.stream().map(v -> v.node.index()).toList();
        Node node = new Node(nodes.size(), operation, places, operation.output(shapes));
        nodes.add(node);
        return new Value(node);
    }

    /** A name for an operation without parameters, which nobody needs to name: {@code relu}, {@code relu2} … */
    private String next(String kind) {
        String name = prefix + kind;
        for (int i = 2; names.contains(name); i++) {
            name = prefix + kind + i;
        }
        return name;
    }

    /** The output of an operation. */
    public final class Value {
        private final Node node;

        private Value(Node node) {
            this.node = node;
        }

        public Shape shape() {
            return node.shape();
        }

        public int channels() {
            return shape().channels();
        }

        private Value then(Operation operation) {
            return add(operation, List.of(this));
        }

        public Value convolution(String name, int kernel, int channels, int stride) {
            return then(new Operation.Convolution(
                    prefix + name, channels(), channels, kernel, stride, convBias, Epilogue.NONE));
        }

        public Value batchNorm(String name) {
            return then(new Operation.BatchNorm(prefix + name, channels(), false));
        }

        public Value relu() {
            return then(new Operation.Relu(next("relu")));
        }

        /** @param survival above 0; 1 for what is never left out, which needs no operation */
        public Value stochasticDepth(double survival) {
            return survival == 1 ? this : then(new Operation.StochasticDepth(next("stochastic_depth"), survival));
        }

        public Value plus(Value other) {
            return add(new Operation.Add(next("add")), List.of(this, other));
        }

        /** @param channels at least as many as there are; new ones are zeros */
        public Value subsample(String name, int channels, int stride) {
            return then(new Operation.Subsample(prefix + name, channels(), channels, stride));
        }

        public Value globalAveragePool() {
            return then(new Operation.GlobalAveragePool(next("pool")));
        }

        public Value linear(String name, int outputs) {
            return then(new Operation.Linear(prefix + name, channels(), outputs));
        }
    }
}
