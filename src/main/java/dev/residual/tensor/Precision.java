package dev.residual.tensor;

import dev.residual.ResidualException;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The type of activations, in which convolutions compute. A network computes in the precision of its input; weights, BN's
 * statistics, the last layer and the loss are float32 in any case.
 */
public enum Precision {
    FP32(ScalarType.Float),
    /** 16 bits: float32's range with 8 bits of mantissa. Half the memory, and faster where processors have it. */
    BF16(ScalarType.BFloat16);

    /** What {@link #requireName} knows. */
    private static final List<String> NAMES = List.of("auto", "fp32", "bf16");

    private final ScalarType type;

    Precision(ScalarType type) {
        this.type = type;
    }

    /** libtorch's name for it. */
    public ScalarType type() {
        return type;
    }

    /** @throws IllegalArgumentException when networks do not compute in this type */
    public static Precision of(ScalarType type) {
        for (Precision precision : values()) {
            if (precision.type == type.intern()) {
                return precision;
            }
        }
        throw new IllegalArgumentException("no precision of type " + type);
    }

    /** @throws ResidualException when it is neither a precision nor {@code auto}; libtorch need not be there */
    public static void requireName(String name) {
        ResidualException.requireOneOf("precision", name, NAMES);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
