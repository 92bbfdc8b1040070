package dev.residual.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.residual.ResidualException;
import dev.residual.model.Architecture.ShortcutKind;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FoldedNetworkTest {
    private static final int IMAGES = 307;
    private static final int CLASSES = 4;

    private final ResNet network = ResNet.of(new Architecture(8, List.of(16, 32, 64), ShortcutKind.A, false, CLASSES));
    private State state;
    private Tensor images;

    @BeforeEach
    void start() {
        Engine.start();
        torch.manual_seed(4);
        state = Initialization.he(network, 1, Device.CPU);
        try (Scope scope = Scope.noGrad()) {
            images = scope.keep(Tensors.channelsLast(torch.randn(IMAGES, 3, 32, 32)));
        }
    }

    @AfterEach
    void close() {
        images.close();
        state.close();
        Engine.start(1);
    }

    private FoldedNetwork folded(int threads) {
        Engine.start(threads);
        return FoldedNetwork.of(network, state);
    }

    private Tensor part(int from, int to) {
        return images.narrow(0, from, to - from);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void everyImageGetsItsOwnLogitsHoweverManyThreadsRead(int threads) {
        float[] expected;
        try (Scope scope = Scope.noGrad()) {
            expected = Tensors.floats(network.forward(images, new Pass(state, Pass.Mode.EVALUATION)));
        }
        try (FoldedNetwork folded = folded(threads)) {
            for (int count : new int[] {0, 1, 2, 5, 99, 200, 201, IMAGES}) {
                float[] logits = folded.logits(count, this::part);
                assertThat(logits).hasSize(count * CLASSES);
                for (int i = 0; i < logits.length; i++) {
                    assertThat(logits[i]).isCloseTo(expected[i], within(1e-4f * (1 + Math.abs(expected[i]))));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void theBytesDoNotDependOnTheNumberOfThreads(Precision precision) {
        List<float[]> found = new ArrayList<>();
        for (int threads = 1; threads <= 3; threads++) {
            try (FoldedNetwork folded = folded(threads)) {
                found.add(folded.logits(IMAGES, (from, to) -> part(from, to).to(precision.type())));
            }
        }
        assertThat(found.get(1)).isEqualTo(found.get(0));
        assertThat(found.get(2)).isEqualTo(found.get(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void stopsWhenItIsAskedTo(int threads) {
        AtomicInteger asked = new AtomicInteger();
        try (FoldedNetwork folded = folded(threads)) {
            assertThat(folded.logits(IMAGES, this::part, () -> asked.incrementAndGet() > 1))
                    .isEmpty();
            assertThat(folded.logits(IMAGES, this::part)).hasSize(IMAGES * CLASSES);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void whatGoesWrongInAThreadIsToldAtOnce(int threads) {
        AtomicInteger asked = new AtomicInteger();
        try (FoldedNetwork folded = folded(threads)) {
            assertThatThrownBy(() -> folded.logits(20 * IMAGES, (from, to) -> {
                        asked.incrementAndGet();
                        if (from == 0) {
                            throw new ResidualException("no images");
                        }
                        return part(0, to - from);
                    }))
                    .isInstanceOf(ResidualException.class)
                    .hasMessage("no images");
        }
        assertThat(asked.get()).isLessThan(30); // of more than sixty parts
    }
}
