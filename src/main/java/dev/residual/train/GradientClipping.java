package dev.residual.train;

import dev.residual.tensor.Scope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Gradients whose norm, all of them together, is larger than a limit are shortened to it. */
final class GradientClipping {
    /** As in PyTorch's {@code clip_grad_norm_}. */
    private static final double EPSILON = 1e-6;

    private GradientClipping() {}

    /** @param gradients of all parameters in one tensor */
    static void clip(Tensor gradients, double maxNorm) {
        try (Scope scope = Scope.inference()) {
            double norm = gradients.norm().item_double();
            gradients.mul_(new Scalar(Math.min(1, maxNorm / (norm + EPSILON))));
        }
    }
}
