package dev.residual.train;

import dev.residual.tensor.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The loss of a minibatch: the mean of −Σ t·log p over its images, where p are the softmax's probabilities of the classes
 * and t the target's. Where the target is one class, that is −log of its probability.
 *
 * @param value of the loss
 * @param gradient of the loss with respect to the logits, N×classes: (p − t) / N
 */
public record CrossEntropy(double value, Tensor gradient) {
    /**
     * @param logits N×classes float32
     * @param targets N×classes float32, each row's sum 1
     */
    public static CrossEntropy of(Tensor logits, Tensor targets) {
        long images = logits.size(0);
        double sum = sum(losses(logits, targets));
        return new CrossEntropy(sum / images, logits.softmax(1).sub_(targets).div_(new Scalar(images)));
    }

    /** Of each image. */
    private static Tensor losses(Tensor logits, Tensor targets) {
        return logits.log_softmax(1).mul_(targets).sum(1).neg();
    }

    /** In this order: libtorch's sum would depend on the number of threads, which is smaller while others are busy. */
    private static double sum(Tensor values) {
        double sum = 0;
        for (float value : Tensors.floats(values)) {
            sum += value;
        }
        return sum;
    }

    /**
     * The mean in which each image has a weight: that of its class, or of a mixture of classes the mixture of theirs. Without
     * label smoothing it is the loss of PyTorch's {@code weight}, which weighs what is smoothed by every class's own weight,
     * so that balanced classes would no longer count alike.
     *
     * @param weights N float32
     */
    static CrossEntropy of(Tensor logits, Tensor targets, Tensor weights) {
        Tensor share = weights.div(weights.sum()).unsqueeze(1);
        double loss = sum(losses(logits, targets).mul_(share.flatten(0, 1)));
        return new CrossEntropy(loss, logits.softmax(1).sub_(targets).mul_(share));
    }

    /**
     * What the network is to say: 1 for the true class and 0 for the others or, smoothed, some of it for all alike.
     *
     * @param labels N int64
     * @param smoothing the part that all classes share, as PyTorch's {@code label_smoothing}
     * @return N×classes float32
     */
    public static Tensor targets(Tensor labels, long classes, double smoothing) {
        Tensor hard = torch.one_hot(labels, classes).to(ScalarType.Float);
        return smoothing == 0 ? hard : hard.mul_(new Scalar(1 - smoothing)).add_(new Scalar(smoothing / classes));
    }
}
