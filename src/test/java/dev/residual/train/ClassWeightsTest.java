package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.residual.recipe.ClassWeights;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import org.bytedeco.pytorch.CrossEntropyLossImpl;
import org.bytedeco.pytorch.CrossEntropyLossOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class ClassWeightsTest {
    @Test
    void balancedWeightsAreThoseOfScikitLearn() {
        // compute_class_weight("balanced", classes=[0, 1, 2], y=[0] * 6 + [1] * 3 + [2])
        assertThat(ClassWeights.BALANCED.of(new int[] {6, 3, 1})).containsExactly(10 / 18f, 10 / 9f, 10 / 3f);
        assertThat(ClassWeights.BALANCED.of(new int[] {5, 0})).containsExactly(0.5f, 0);
        assertThat(ClassWeights.NONE.of(new int[] {6, 3})).containsExactly(1, 1);
    }

    @Test
    void theWeightedLossAndItsGradientAreThoseOfPyTorch() {
        Engine.start(1);
        try (Scope scope = Scope.open()) {
            torch.manual_seed(1);
            Tensor logits = torch.randn(5, 3).set_requires_grad(true);
            Tensor labels = Tensors.of(new long[] {0, 2, 1, 0, 2});
            Tensor weights = Tensors.of(new float[] {0.5f, 1, 4}, 3);
            CrossEntropyLossOptions options = new CrossEntropyLossOptions();
            options.weight().put(weights);
            Tensor expected = new CrossEntropyLossImpl(options).forward(logits, labels);
            expected.backward();
            Tensor targets = CrossEntropy.targets(labels, logits.size(1), 0);
            CrossEntropy loss = CrossEntropy.of(logits.detach(), targets, targets.matmul(weights));
            assertThat(loss.value()).isCloseTo(expected.item_float(), within(1e-6));
            assertThat(Tensors.floats(loss.gradient())).containsExactly(Tensors.floats(logits.grad()), within(1e-6f));
        }
    }
}
