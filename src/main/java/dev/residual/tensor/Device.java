package dev.residual.tensor;

import dev.residual.ResidualException;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Where a network computes. */
public enum Device {
    CPU,
    /** An NVIDIA GPU; needs the build with the {@code gpu} profile. */
    CUDA;

    /** What {@link #of} knows. */
    private static final List<String> NAMES = List.of("auto", "cpu", "cuda");

    /**
     * @param name {@code cpu}, {@code cuda}, or {@code auto}: CUDA when this build and this machine have it
     * @throws ResidualException when CUDA is asked for and not there
     */
    public static Device of(String name) {
        requireName(name);
        return switch (name) {
            case "cpu" -> CPU;
            case "auto" -> torch.cuda_is_available() ? CUDA : CPU;
            default -> {
                if (!torch.cuda_is_available()) {
                    throw new ResidualException("--device cuda: no GPU that this build of libtorch can use"
                            + " (build with -Pgpu on a machine with an NVIDIA driver)");
                }
                yield CUDA;
            }
        };
    }

    /** @throws ResidualException when {@link #of} would not know that name; libtorch need not be there */
    public static void requireName(String name) {
        ResidualException.requireOneOf("device", name, NAMES);
    }

    public static Device of(Tensor tensor) {
        return tensor.is_cuda() ? CUDA : CPU;
    }

    /** The tensor itself when it is here already, otherwise a copy of it. */
    public Tensor move(Tensor tensor) {
        if (of(tensor) == this) {
            return tensor;
        }
        return this == CUDA ? tensor.cuda() : tensor.cpu();
    }

    /** For a new tensor here, of this type. */
    public TensorOptions options(ScalarType type) {
        TensorOptions options = new TensorOptions(type);
        return this == CUDA
                ? options.device(new org.bytedeco.pytorch.DeviceOptional(new org.bytedeco.pytorch.Device("cuda")))
                : options;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
