package dev.residual.nn;

import dev.residual.ResidualException;
import java.util.Collections;
import java.util.List;

/**
 * The network between the first convolution and the pooling: stages of blocks, each with feature maps of half the height and width
 * of the one before.
 *
 * @param stem filters of the first convolution
 * @param blocks in each stage; on CIFAR the paper has n in each of three
 * @param channels of the first layer of a block, in each stage; the paper's are 16, 32, 64
 */
public record Stages(int stem, List<Integer> blocks, List<Integer> channels) {
    static final int MAX_CHANNELS = 4_096;
    static final int MAX_STAGES = 6;

    /** Blocks of a stage, against typing errors and hostile files; the deepest net of the paper has 200. */
    static final int MAX_BLOCKS = 1_000;

    public Stages {
        blocks = List.copyOf(blocks);
        channels = List.copyOf(channels);
        ResidualException.require(
                !blocks.isEmpty()
                        && blocks.size() <= MAX_STAGES
                        && blocks.stream().allMatch(n -> n >= 1 && n <= MAX_BLOCKS),
                "blocks " + blocks + ": expected from 1 to " + MAX_STAGES + " numbers from 1 to " + MAX_BLOCKS);
        ResidualException.require(
                channels.size() == blocks.size() && channels.stream().allMatch(Stages::isWidth),
                "widths " + channels + ": expected " + blocks.size() + " numbers from 1 to " + MAX_CHANNELS
                        + ", one for each stage");
        ResidualException.require(isWidth(stem), "stem " + stem + ": expected a number from 1 to " + MAX_CHANNELS);
    }

    private static boolean isWidth(int channels) {
        return channels >= 1 && channels <= MAX_CHANNELS;
    }

    /** The paper's form: as many blocks in each of the stages, and a first convolution as wide as the first stage. */
    static Stages equal(int n, Integer... channels) {
        return new Stages(channels[0], Collections.nCopies(channels.length, n), List.of(channels));
    }

    public int count() {
        return blocks.size();
    }

    Stages withChannels(List<Integer> other) {
        return new Stages(other.isEmpty() ? stem : stemBefore(other.get(0)), blocks, other);
    }

    /** The first convolution's channels where the first stage has others: as many as that, if that is so here. */
    int stemBefore(int firstStage) {
        return stem == channels.get(0) ? firstStage : stem;
    }
}
