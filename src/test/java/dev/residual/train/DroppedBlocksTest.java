package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.residual.graph.Dropping;
import dev.residual.graph.Graph;
import dev.residual.graph.Operation.StochasticDepth;
import dev.residual.nn.Architecture;
import dev.residual.nn.Freezing;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DroppedBlocksTest {
    private static final int ITERATIONS = 20_000;

    private final DroppedBlocks blocks =
            DroppedBlocks.of(Architecture.of("resnet20").withSurvival(0.5).graph(), 1);

    @Test
    void survivalFallsLinearlyOverTheBlocks() {
        assertThat(blocks.blocks()).hasSize(9);
        for (int i = 0; i < 9; i++) {
            assertThat(blocks.blocks().get(i).survival()).isCloseTo(1 - 0.5 * (i + 1) / 9, within(1e-12));
        }
    }

    @Test
    void eachBlockIsDroppedAsOftenAsItShouldAndIndependently() {
        int[] dropped = new int[9];
        int both = 0;
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
            Set<String> now = blocks.at(iteration);
            List<StochasticDepth> all = blocks.blocks();
            for (int i = 0; i < 9; i++) {
                dropped[i] += now.contains(all.get(i).name()) ? 1 : 0;
            }
            both += now.contains(all.get(7).name()) && now.contains(all.get(8).name()) ? 1 : 0;
        }
        for (int i = 0; i < 9; i++) {
            assertThat((double) dropped[i] / ITERATIONS).isCloseTo(0.5 * (i + 1) / 9, within(0.015));
        }
        assertThat((double) both / ITERATIONS).isCloseTo(0.5 * 8 / 9 * 0.5, within(0.015));
    }

    @Test
    void theDrawDependsOnSeedAndIterationOnly() {
        assertThat(blocks.at(17)).isEqualTo(blocks.at(17));
        assertThat(java.util.stream.LongStream.range(0, 20)
                        .mapToObj(blocks::at)
                        .distinct()
                        .count())
                .isGreaterThan(10);
        assertThat(blocks.at(17)).isNotEqualTo(new DroppedBlocks(blocks.blocks(), 2).at(17));
    }

    @Test
    void thePapersNetworksDropNone() {
        assertThat(DroppedBlocks.of(Architecture.of("resnet110").graph(), 1).blocks())
                .isEmpty();
    }

    /** They are as in inference, where nothing is dropped. */
    @Test
    void frozenBlocksAreNotDropped() {
        Architecture network = Architecture.of("resnet20").withSurvival(0.5);
        Graph frozen = Freezing.of(network.graph(), 2);
        List<StochasticDepth> dropped = DroppedBlocks.of(frozen, 1).blocks();
        assertThat(dropped).hasSize(3).allMatch(block -> block.name().startsWith("layer3."));
        Graph step = Dropping.of(frozen, Set.of(dropped.get(2).name()));
        assertThat(step.nodes().stream().filter(node -> node.operation() instanceof StochasticDepth))
                .hasSize(6);
    }
}
