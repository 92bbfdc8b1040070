package dev.residual.backend;

import org.bytedeco.pytorch.Tensor;

/** A network made ready for inference on a fixed number of images, by one thread at a time. */
public interface InferencePlan extends AutoCloseable {
    /**
     * @param images N×C×H×W, contiguous, of the plan's number and precision
     * @return N×classes float32 logits; the caller's scope owns them
     */
    Tensor run(Tensor images);

    @Override
    void close();
}
