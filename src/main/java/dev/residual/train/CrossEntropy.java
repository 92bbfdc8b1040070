package dev.residual.train;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The loss of a minibatch: the mean of −log p, where p is the softmax's probability of the given class.
 *
 * @param value of the loss
 * @param gradient of the loss with respect to the logits, N×classes: (p − 1) / N for the given class, p / N for others
 */
public record CrossEntropy(double value, Tensor gradient) {
    /**
     * @param logits N×classes float32
     * @param labels N int64
     */
    public static CrossEntropy of(Tensor logits, Tensor labels) {
        Tensor given = torch.one_hot(labels, logits.size(1)).to(ScalarType.Float);
        Tensor gradient = logits.softmax(1).sub_(given).div_(new Scalar(logits.size(0)));
        return new CrossEntropy(torch.cross_entropy_loss(logits, labels).item_float(), gradient);
    }
}
