package dev.residual.train;

import dev.residual.data.Seed;
import dev.residual.graph.Dropping;
import dev.residual.graph.Graph;
import dev.residual.graph.Operation.StochasticDepth;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which blocks stochastic depth leaves out of a step: drawn for each block from (seed, iteration, block), so that a resumed
 * run draws the same.
 *
 * @param blocks of the network, in their order; none without stochastic depth
 */
public record DroppedBlocks(List<StochasticDepth> blocks, long seed) {
    /** Sets these draws apart from all others. */
    private static final long DROP = 0x64726f70L; // "drop"

    public static DroppedBlocks of(Graph graph, long seed) {
        return new DroppedBlocks(Dropping.operations(graph), seed);
    }

    Set<String> at(long iteration) {
        Set<String> dropped = new HashSet<>();
        for (int i = 0; i < blocks.size(); i++) {
            double share = (Seed.mix(seed, DROP, iteration, i) >>> 11) * 0x1p-53; // from 0 to 1
            if (share >= blocks.get(i).survival()) {
                dropped.add(blocks.get(i).name());
            }
        }
        return dropped;
    }
}
