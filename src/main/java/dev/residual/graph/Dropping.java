package dev.residual.graph;

import dev.residual.graph.Graph.Node;
import dev.residual.graph.Operation.Add;
import dev.residual.graph.Operation.StochasticDepth;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/** The network of one training step with stochastic depth: without the blocks that were drawn, so that they take no time. */
public final class Dropping {
    private Dropping() {}

    /** The operations of stochastic depth, in the order of the network's blocks; frozen blocks are as in inference. */
    public static List<StochasticDepth> operations(Graph graph) {
        return graph.nodes().stream()
                .filter(node -> !graph.isFrozen(node))
                .map(Node::operation)
                .filter(StochasticDepth.class::isInstance)
                .map(StochasticDepth.class::cast)
                .toList();
    }

    /**
     * The graph without stochastic depth's operations: surviving branches unchanged; the addition after a dropped
     * branch replaced by its other input.
     *
     * @param dropped names among those of {@link #operations}
     */
    public static Graph of(Graph graph, Set<String> dropped) {
        int[] source = new int[graph.nodes().size()]; // whose output is taken for that of a node
        BitSet nothing = new BitSet(); // what only a dropped block would give
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            int i = node.index();
            List<Integer> present =
                    node.inputs().stream().filter(input -> !nothing.get(input)).toList();
            List<Integer> inputs = present.stream().map(input -> source[input]).toList();
            boolean bypassed = node.operation() instanceof StochasticDepth && !graph.isFrozen(node)
                    || node.operation() instanceof Add && present.size() == 1;
            nothing.set(i, dropped.contains(node.operation().name()) || i > 0 && present.isEmpty());
            source[i] = bypassed && !present.isEmpty() ? inputs.get(0) : i;
            if (!bypassed && !nothing.get(i)) {
                nodes.add(new Node(i, node.operation(), inputs, node.shape()));
            }
        }
        return Fusion.live(Fusion.renumbered(graph, nodes));
    }
}
