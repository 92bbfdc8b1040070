package dev.residual.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ActivationPoolTest {
    @BeforeAll
    static void start() {
        Engine.start();
    }

    private static long take(ActivationPool pool, ScalarType type, long... shape) {
        try (Tensor tensor = pool.take(type, shape)) {
            assertThat(tensor.shape()).isEqualTo(shape);
            assertThat(tensor.scalar_type().intern()).isEqualTo(type);
            return tensor.data_ptr().address();
        }
    }

    @Test
    void whatWasClosedServesAgainForTheSameShapeAndType() {
        try (Scope scope = Scope.inference();
                ActivationPool pool = new ActivationPool()) {
            long first = take(pool, ScalarType.Float, 2, 1, 4, 4, 16);
            assertThat(take(pool, ScalarType.Float, 2, 1, 4, 4, 16)).isEqualTo(first);
            assertThat(take(pool, ScalarType.BFloat16, 2, 1, 4, 4, 16)).isNotEqualTo(first);
            assertThat(take(pool, ScalarType.Float, 2, 1, 4, 4, 32)).isNotEqualTo(first);
        }
    }

    /** An epoch's last batch is smaller. */
    @Test
    void aSmallerBatchGetsAPartOfIt() {
        try (Scope scope = Scope.inference();
                ActivationPool pool = new ActivationPool()) {
            long first = take(pool, ScalarType.Float, 128, 4, 4);
            assertThat(take(pool, ScalarType.Float, 80, 4, 4)).isEqualTo(first);
            assertThat(take(pool, ScalarType.Float, 128, 4, 4)).isEqualTo(first);
            take(pool, ScalarType.Float, 200, 4, 4);
            assertThat(take(pool, ScalarType.Float, 128, 4, 4)).isEqualTo(take(pool, ScalarType.Float, 200, 4, 4));
        }
    }

    @Test
    void whatSomebodyHoldsIsLeftAlone() {
        try (Scope scope = Scope.inference();
                ActivationPool pool = new ActivationPool()) {
            Tensor held = pool.take(ScalarType.Float, 3, 5);
            long address = held.data_ptr().address();
            Tensor shared = scope.share(held);
            held.close();
            assertThat(take(pool, ScalarType.Float, 3, 5)).isNotEqualTo(address);
            shared.close();
            assertThat(take(pool, ScalarType.Float, 3, 5)).isEqualTo(address);
        }
    }
}
