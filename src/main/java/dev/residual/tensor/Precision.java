package dev.residual.tensor;

import dev.residual.ResidualException;
import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.Tensor;
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

    private static final int ROUNDS = 12;

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
        double ratio = ratio();
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

    /**
     * How many times as fast bf16 is, by the best of some runs of the networks' most frequent layer, forward and
     * backward. On one thread and in turns, because the best then hardly depends on what else the machine does.
     */
    private static double ratio() {
        int threads = torch.get_num_threads();
        torch.set_num_threads(1);
        try (Layer fp32 = new Layer(FP32);
                Layer bf16 = new Layer(BF16)) {
            long best32 = Long.MAX_VALUE;
            long best16 = Long.MAX_VALUE;
            for (int i = 0; i < ROUNDS; i++) {
                best32 = Math.min(best32, fp32.nanoseconds());
                best16 = Math.min(best16, bf16.nanoseconds());
            }
            return (double) best32 / best16;
        } finally {
            torch.set_num_threads(threads);
        }
    }

    /** A 3×3 convolution of 16 channels of 32×32. */
    private static final class Layer implements AutoCloseable {
        private final Scope scope = Scope.open();
        private final Tensor x;
        private final Tensor weights;

        Layer(Precision precision) {
            x = Tensors.channelsLast(torch.ones(64, 16, 32, 32)).to(precision.type);
            weights = Tensors.channelsLast(torch.ones(16, 16, 3, 3)).to(precision.type);
        }

        long nanoseconds() {
            try (Scope step = Scope.noGrad()) {
                long[] one = {1, 1};
                long start = System.nanoTime();
                Tensor y = torch.conv2d(x, weights, new TensorOptional(), one, one, one, 1);
                torch.convolution_backward(
                        y,
                        x,
                        weights,
                        new LongArrayRefOptional(),
                        one,
                        one,
                        one,
                        false,
                        new long[] {0, 0},
                        1,
                        new BoolPointer(3).put(0, true).put(1, true).put(2, false));
                return System.nanoTime() - start;
            }
        }

        @Override
        public void close() {
            scope.close();
        }
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
