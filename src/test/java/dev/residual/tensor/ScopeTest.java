package dev.residual.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ScopeTest {
    @BeforeEach
    void start() {
        Engine.start();
    }

    @Test
    void onlyTheResultOfWorkLivesOnInTheScopeAround() {
        Tensor[] between = new Tensor[1];
        Tensor result;
        try (Scope scope = Scope.open()) {
            result = Scope.within(() -> {
                between[0] = torch.ones(3);
                return between[0].add(between[0]);
            });
            assertThat(between[0].isNull()).isTrue();
            assertThat(Tensors.floats(result)).containsExactly(2, 2, 2);
        }
        assertThat(result.isNull()).isTrue();
    }

    @Test
    void aSharedTensorLivesAsLongAsItsHandle() {
        try (Scope scope = Scope.open()) {
            Tensor handle;
            try (Scope inner = Scope.open()) {
                handle = scope.share(torch.ones(3));
            }
            assertThat(Tensors.floats(handle)).containsExactly(1, 1, 1);
            handle.close();
            assertThat(handle.isNull()).isTrue();
        }
    }

    @Test
    void outsideOfAnyScopeThereIsNone() {
        assertThatThrownBy(Scope::current).hasMessageContaining("no scope");
    }
}
