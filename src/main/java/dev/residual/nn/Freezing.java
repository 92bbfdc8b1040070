package dev.residual.nn;

import dev.residual.ResidualException;
import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Freezes the first stages of a network that is trained from another model's weights. */
public final class Freezing {
    private Freezing() {}

    /**
     * @param stages that are frozen, with all that comes before them; 0 freezes nothing
     * @throws ResidualException when the network has fewer
     */
    public static Graph of(Graph graph, int stages) {
        if (stages == 0) {
            return graph;
        }
        String last = "layer" + stages + ".";
        List<Node> inLast = graph.nodes().stream()
                .filter(node -> node.operation().name().startsWith(last))
                .toList();
        ResidualException.require(
                stages > 0 && !inLast.isEmpty(), "freeze " + stages + ": the network has no stage of that number");
        int end = inLast.get(inLast.size() - 1).index();
        Set<String> frozen = graph.nodes().stream()
                .filter(node -> node.index() <= end)
                .map(node -> node.operation().name())
                .collect(Collectors.toSet());
        return new Graph(graph.nodes(), frozen);
    }
}
