package dev.residual.nn;

import dev.residual.ResidualException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A residual block: some convolutions, and where BN and ReLU stand among them.
 *
 * @param layers its convolutions, as they are in the first stage; in a later one their channels grow as the stage's do
 */
public record Block(List<Layer> layers, Activation activation) {
    static final int MAX_LAYERS = 8;
    private static final int MAX_KERNEL = 7;

    /**
     * A convolution.
     *
     * @param kernel height and width of its filters; odd, and padded by (kernel − 1) / 2
     * @param channels its filters
     */
    public record Layer(int kernel, int channels) {
        public Layer {
            ResidualException.require(
                    kernel % 2 == 1 && kernel >= 1 && kernel <= MAX_KERNEL,
                    "kernel " + kernel + ": expected 1, 3, 5 or " + MAX_KERNEL);
            ResidualException.require(
                    channels >= 1 && channels <= Stages.MAX_CHANNELS,
                    channels + " channels: expected from 1 to " + Stages.MAX_CHANNELS);
        }

        /** @param text such as {@code 3x16} */
        public static Layer of(String text) {
            if (!text.matches("\\d{1,2}[x×]\\d{1,5}")) {
                throw new ResidualException("layer '" + text + "': expected KERNELxCHANNELS, such as 3x16");
            }
            String[] parts = text.split("[x×]");
            return new Layer(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
        }

        @Override
        public String toString() {
            return kernel + "x" + channels;
        }
    }

    public Block {
        layers = List.copyOf(layers);
        ResidualException.require(
                !layers.isEmpty() && layers.size() <= MAX_LAYERS,
                "block of " + layers.size() + " layers: expected from 1 to " + MAX_LAYERS);
    }

    /** He et al. 2015, figure 5, left: two 3×3 convolutions. */
    static Block basic(int channels) {
        return new Block(List.of(new Layer(3, channels), new Layer(3, channels)), Activation.ORIGINAL);
    }

    /** He et al. 2015, figure 5, right: 1×1 to few channels, 3×3, and 1×1 to four times as many. */
    static Block bottleneck(int channels) {
        List<Layer> layers = List.of(new Layer(1, channels), new Layer(3, channels), new Layer(1, 4 * channels));
        return new Block(layers, Activation.ORIGINAL);
    }

    /** The layers with all channels so many times as many. */
    List<Layer> scaled(int numerator, int denominator) {
        return layers.stream()
                .map(layer -> {
                    long channels = (long) layer.channels() * numerator;
                    ResidualException.require(
                            channels % denominator == 0,
                            "block " + this + ": " + layer.channels() + " × " + numerator + " / " + denominator
                                    + " channels are no whole number");
                    return new Layer(layer.kernel(), (int) Math.min(channels / denominator, Integer.MAX_VALUE));
                })
                .toList();
    }

    public Block withActivation(Activation other) {
        return new Block(layers, other);
    }

    /** The layers, such as {@code 3x16,3x16}. */
    @Override
    public String toString() {
        return layers.stream().map(Layer::toString).collect(Collectors.joining(","));
    }
}
