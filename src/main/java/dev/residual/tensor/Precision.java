package dev.residual.tensor;

import dev.residual.ResidualException;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * In which numbers the convolutions compute, and the maps between them are kept. A network computes in the precision of
 * the images that it is given; its weights, BN's statistics, the classifier and the loss are float32 in any case.
 */
public enum Precision {
    FP32(ScalarType.Float),
    /** 16 bits: float32's range with 8 bits of mantissa. Half the memory, and twice as fast where processors have it. */
    BF16(ScalarType.BFloat16);

    /** What {@link #requireName} knows. */
    private static final List<String> NAMES = List.of("auto", "fp32", "bf16");

    /** What bf16 must win by, so that chance does not choose between equals. */
    private static final double WORTHWHILE = 1.15;

    private final ScalarType type;

    Precision(ScalarType type) {
        this.type = type;
    }

    /** libtorch's name for it. */
    public ScalarType type() {
        return type;
    }

    /**
     * A precision, and why it was chosen.
     *
     * @param reason in words, such as {@code bf16 convolutions are 1.7 times as fast here}
     */
    public record Choice(Precision precision, String reason) {}

    /**
     * @param name {@code fp32}, {@code bf16}, or {@code auto}: bf16 when a probe of a few milliseconds finds it faster
     */
    public static Choice of(String name, Device device) {
        requireName(name);
        if (!name.equals("auto")) {
            return new Choice(valueOf(name.toUpperCase(Locale.ROOT)), "asked for");
        }
        if (device != Device.CPU) {
            return new Choice(FP32, "on " + device + " bf16 only where asked for");
        }
        double ratio = convolution(FP32) / convolution(BF16);
        return new Choice(
                ratio > WORTHWHILE ? BF16 : FP32,
                String.format(Locale.ROOT, "bf16 convolutions are %.1f times as fast as fp32's here", ratio));
    }

    /** @throws ResidualException when {@link #of} would not know that name; libtorch need not be there */
    public static void requireName(String name) {
        if (!NAMES.contains(name)) {
            throw new ResidualException("no precision '" + name + "': expected " + String.join(" or ", NAMES));
        }
    }

    /** The best of some runs of the networks' most frequent layer, forward and backward, in nanoseconds. */
    private static long convolution(Precision precision) {
        long best = Long.MAX_VALUE;
        try (Scope scope = Scope.open()) {
            Tensor x = Tensors.channelsLast(torch.ones(64, 16, 32, 32)).to(precision.type);
            Tensor weights = Tensors.channelsLast(torch.ones(16, 16, 3, 3)).to(precision.type);
            x.set_requires_grad(true);
            weights.set_requires_grad(true);
            for (int i = 0; i < 10; i++) {
                try (Scope step = Scope.open()) {
                    long start = System.nanoTime();
                    long[] one = {1, 1};
                    Tensor y = torch.conv2d(x, weights, new TensorOptional(), one, one, one, 1);
                    y.backward(y, new BoolOptional(), false, new TensorArrayRefOptional());
                    best = Math.min(best, System.nanoTime() - start);
                }
            }
        }
        return best;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
