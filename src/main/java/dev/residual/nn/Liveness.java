package dev.residual.nn;

import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import java.util.BitSet;
import java.util.List;

/**
 * The facts about each node that a pass through a graph needs.
 *
 * @param computed whether its output is needed at all; the images are not computed
 * @param lastUse the last node that takes its output
 * @param kept whether the backward pass needs its output as it is
 * @param trained whether its output depends on anything that is trained
 * @param backwardDone the share of the backward pass's multiplications that is done when it has been there
 */
record Liveness(BitSet computed, int[] lastUse, BitSet kept, BitSet trained, double[] backwardDone) {
    static Liveness of(Graph graph) {
        int count = graph.nodes().size();
        BitSet computed = graph.live();
        computed.clear(0);
        Liveness liveness = new Liveness(computed, new int[count], new BitSet(), new BitSet(), new double[count]);
        List<List<Node>> consumers = graph.consumers();
        long multiplyAdds = 0;
        for (Node node : graph.nodes()) {
            int i = node.index();
            List<Node> after = consumers.get(i);
            liveness.lastUse[i] =
                    after.isEmpty() ? i : after.get(after.size() - 1).index();
            liveness.trained.set(
                    i, graph.isTrained(node) || node.inputs().stream().anyMatch(liveness.trained::get));
            liveness.kept.set(
                    i,
                    node.operation().keepsOutput()
                            || after.stream()
                                    .anyMatch(consumer -> consumer.operation().keepsInput()));
            liveness.backwardDone[i] = multiplyAdds; // before it, which come after it in the backward pass
            multiplyAdds += node.operation().multiplyAdds(node.shape());
        }
        for (int i = 0; i < count; i++) {
            liveness.backwardDone[i] = 1 - liveness.backwardDone[i] / multiplyAdds;
        }
        return liveness;
    }

    /**
     * Whether a node may overwrite one of its inputs.
     *
     * @param backward whether there will be a backward pass
     */
    boolean mayOverwrite(Node node, int input, boolean backward) {
        int i = node.inputs().get(input);
        boolean once = node.inputs().indexOf(i) == node.inputs().lastIndexOf(i);
        return i > 0 && once && lastUse[i] == node.index() && !(backward && kept.get(i));
    }
}
