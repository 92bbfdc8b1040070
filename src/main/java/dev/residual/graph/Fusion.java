package dev.residual.graph;

import dev.residual.graph.Graph.Node;
import dev.residual.graph.Operation.Add;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Operation.Epilogue;
import dev.residual.graph.Operation.Relu;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** Makes one operation of two that follow each other, so that the feature maps between them are never written to memory. */
public final class Fusion {
    private Fusion() {}

    /** Two operations as one. */
    @FunctionalInterface
    interface Rule {
        /**
         * @param first its output goes into {@code second} only
         * @return what takes the first one's inputs, then the second one's other inputs; empty where these do not fuse
         */
        Optional<Operation> fuse(Operation first, Operation second);
    }

    /** BN with the ReLU that follows it. */
    public static Graph forTraining(Graph graph) {
        return fuse(graph, (first, second) -> second instanceof Relu ? rectified(first) : Optional.empty());
    }

    private static Optional<Operation> rectified(Operation operation) {
        return operation instanceof BatchNorm bn
                ? Optional.of(new BatchNorm(bn.name(), bn.channels(), true))
                : Optional.empty();
    }

    /** A convolution with the addition and the ReLU that follow it; BN with its ReLU. What is never computed is left out. */
    public static Graph forInference(Graph graph) {
        Graph added = fuse(
                live(graph),
                (first, second) -> second instanceof Add && isBare(first)
                        ? Optional.of(with((Convolution) first, Epilogue.ADD))
                        : Optional.empty());
        return fuse(added, (first, second) -> {
            if (!(second instanceof Relu)) {
                return Optional.empty();
            }
            if (first instanceof Convolution conv) {
                return Optional.of(with(conv, conv.epilogue().adds() ? Epilogue.ADD_RELU : Epilogue.RELU));
            }
            return rectified(first);
        });
    }

    private static boolean isBare(Operation operation) {
        return operation instanceof Convolution conv && conv.epilogue() == Epilogue.NONE;
    }

    private static Convolution with(Convolution c, Epilogue epilogue) {
        return new Convolution(c.name(), c.in(), c.out(), c.kernel(), c.stride(), c.bias(), epilogue);
    }

    /** Without the nodes that the output does not depend on. */
    static Graph live(Graph graph) {
        BitSet live = graph.live();
        return renumbered(
                graph,
                graph.nodes().stream().filter(node -> live.get(node.index())).toList());
    }

    /** The graph in which each pair that the rule fuses is one node, in the place of the second. */
    static Graph fuse(Graph graph, Rule rule) {
        List<List<Node>> consumers = graph.consumers();
        List<Node> nodes = new ArrayList<>(graph.nodes());
        for (Node second : graph.nodes()) {
            for (int input : second.inputs()) {
                Node first = graph.nodes().get(input);
                boolean only = consumers.get(input).equals(List.of(second));
                Optional<Operation> fused = only ? rule.fuse(first.operation(), second.operation()) : Optional.empty();
                if (fused.isPresent()) {
                    List<Integer> inputs = new ArrayList<>(first.inputs());
                    second.inputs().stream().filter(i -> i != input).forEach(inputs::add);
                    nodes.set(second.index(), new Node(second.index(), fused.get(), inputs, second.shape()));
                    nodes.set(input, null);
                    break;
                }
            }
        }
        return renumbered(graph, nodes.stream().filter(node -> node != null).toList());
    }

    /** @param left the remaining nodes or their replacements, in order */
    static Graph renumbered(Graph graph, List<Node> left) {
        int[] places = new int[graph.nodes().size()];
        List<Node> nodes = new ArrayList<>();
        for (Node node : left) {
            places[node.index()] = nodes.size();
            List<Integer> inputs = node.inputs().stream().map(i -> places[i]).toList();
            nodes.add(new Node(nodes.size(), node.operation(), inputs, node.shape()));
        }
        return new Graph(nodes, graph.frozen());
    }
}
