package dev.residual.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.residual.ResidualException;
import dev.residual.backend.Backend;
import dev.residual.backend.Backends;
import dev.residual.graph.Graph;
import dev.residual.graph.Parameter;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Inference, folded and fused, against {@link TorchNet} by its running statistics. */
class InferenceNetworkTest {
    private static final int IMAGES = 207;
    private static final int CLASSES = 4;

    private final Graph graph = Architecture.of("resnet8")
            .withShortcut(Shortcut.A)
            .withWidths(List.of(16, 32, 64))
            .withClasses(CLASSES)
            .graph();
    private final Map<String, float[]> values = values(graph, 1);
    private Tensor images;

    private static Map<String, float[]> values(Graph graph, int seed) {
        RandomWeights random = new RandomWeights(seed);
        Map<String, float[]> values = new HashMap<>();
        for (Parameter p : graph.parameters()) {
            values.put(p.name(), random.of(p));
        }
        return values;
    }

    @BeforeEach
    void start() {
        Engine.start();
        torch.manual_seed(4);
        try (Scope scope = Scope.noGrad()) {
            images = scope.keep(torch.randn(IMAGES, 3, 32, 32));
        }
    }

    @AfterEach
    void close() {
        images.close();
        Engine.start(1);
    }

    private InferenceNetwork network(int threads) {
        Engine.start(threads);
        return new InferenceNetwork(graph, values::get, Backend.of("auto", Device.CPU, Precision.FP32));
    }

    private Tensor part(int from, int to) {
        return images.narrow(0, from, to - from);
    }

    /** By the difference's length as a share of the expected one's. */
    private static void assertClose(float[] actual, float[] expected, double tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        double difference = 0;
        double length = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow(actual[i] - expected[i], 2);
            length += Math.pow(expected[i], 2);
        }
        assertThat(Math.sqrt(difference / length)).isLessThan(tolerance);
    }

    @ParameterizedTest
    @CsvSource({
        "A, 16, onednn",
        "B, 16, onednn",
        "C, 16, onednn",
        "NONE, 16, onednn",
        "ARTICLE, 16, onednn",
        "A, 5, onednn",
        "C, 12, onednn",
        "A, 4, libtorch",
        "B, 16, libtorch",
        "C, 4, libtorch",
        "NONE, 5, libtorch",
        "ARTICLE, 16, libtorch"
    })
    void foldedAndFusedItComputesTheSame(Shortcut shortcut, int width, String backend) {
        for (Precision precision : Precision.values()) {
            boolean here = precision == Precision.FP32 || Backends.computes(backend, precision);
            if (here) {
                compare(
                        Architecture.of("resnet14")
                                .withShortcut(shortcut)
                                .withWidths(List.of(width, 2 * width, 4 * width))
                                .withConvBias(true)
                                .withClasses(5),
                        backend,
                        precision,
                        4,
                        1,
                        7);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"onednn", "libtorch"})
    void everyVariantIsFoldedToTheSame(String backend) {
        for (Architecture a : Variants.all()) {
            compare(a, backend, Precision.FP32, 2);
            if (a.shortcut() != Shortcut.NONE) {
                compare(a.withSurvival(0.4), backend, Precision.FP32, 2);
            }
        }
    }

    private static void compare(Architecture a, String backend, Precision precision, int... counts) {
        Backends.assumeHere(backend, Precision.FP32);
        Map<String, float[]> values = values(a.graph(), 2);
        try (Scope scope = Scope.noGrad();
                InferenceNetwork network =
                        new InferenceNetwork(a.graph(), values::get, Backend.of(backend, Device.CPU, precision))) {
            TorchNet reference = new TorchNet(a, p -> values.get(p.name()), false);
            for (int count : counts) {
                Tensor images = torch.randn(count, 3, 32, 32);
                float[] expected = Tensors.floats(reference.logits(images));
                float[] actual = network.logits(count, (from, to) -> images.to(precision.type()));
                assertClose(actual, expected, precision == Precision.FP32 ? 1e-5 : 0.05);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void everyImageGetsItsOwnLogitsWhateverTheNumberOfThreads(int threads) {
        Architecture a = Architecture.of("resnet8")
                .withShortcut(Shortcut.A)
                .withWidths(List.of(16, 32, 64))
                .withClasses(CLASSES);
        float[] expected;
        try (Scope scope = Scope.noGrad()) {
            expected = Tensors.floats(new TorchNet(a, p -> values.get(p.name()), false).logits(images));
        }
        try (InferenceNetwork network = network(threads)) {
            for (int count : new int[] {0, 1, 2, 5, 99, 200, 201, IMAGES}) {
                float[] logits = network.logits(count, this::part);
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
            Engine.start(threads);
            Backend backend = Backend.of("auto", Device.CPU, precision);
            try (InferenceNetwork network = new InferenceNetwork(graph, values::get, backend)) {
                found.add(network.logits(IMAGES, (from, to) -> part(from, to).to(precision.type())));
            }
        }
        assertThat(found.get(1)).isEqualTo(found.get(0));
        assertThat(found.get(2)).isEqualTo(found.get(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void stopsWhenItIsAskedTo(int threads) {
        AtomicInteger asked = new AtomicInteger();
        try (InferenceNetwork network = network(threads)) {
            assertThat(network.logits(IMAGES, this::part, () -> asked.incrementAndGet() > 1))
                    .isEmpty();
            assertThat(network.logits(IMAGES, this::part)).hasSize(IMAGES * CLASSES);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void whatGoesWrongInAThreadIsToldAtOnce(int threads) {
        AtomicInteger asked = new AtomicInteger();
        try (InferenceNetwork network = network(threads)) {
            assertThatThrownBy(() -> network.logits(30 * IMAGES, (from, to) -> {
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

    /** Workers that a call keeps busy are not waited for by another. */
    @Test
    void aLongCallDoesNotHoldUpOthers() throws Exception {
        CountDownLatch begun = new CountDownLatch(4);
        CountDownLatch go = new CountDownLatch(1);
        ExecutorService callers = Executors.newCachedThreadPool();
        try (InferenceNetwork network = network(2)) {
            Callable<float[]> isLong = () -> network.logits(200, (from, to) -> {
                begun.countDown();
                await(go);
                return part(0, 1).expand(to - from, 3, 32, 32).contiguous();
            });
            List<Future<float[]>> two = List.of(callers.submit(isLong), callers.submit(isLong));
            await(begun); // both callers and both workers are in them
            assertThat(callers.submit(() -> network.logits(IMAGES, this::part)).get(60, TimeUnit.SECONDS))
                    .hasSize(IMAGES * CLASSES);
            go.countDown();
            for (Future<float[]> one : two) {
                assertThat(one.get(60, TimeUnit.SECONDS)).hasSize(200 * CLASSES);
            }
        } finally {
            go.countDown();
            callers.shutdown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whatever numbers of images it was asked for, what it keeps is bounded and freed at the end. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void memoryIsFreedWhenItIsClosed(int threads) {
        long before = 0;
        for (int round = 0; round < 3; round++) {
            try (InferenceNetwork network = network(threads)) {
                for (int count = 1; count <= 14; count++) {
                    network.logits(count, this::part);
                }
            }
            if (round == 1) {
                before = Pointer.totalCount(); // what all use again is made
            }
        }
        assertThat(Pointer.totalCount() - before).isLessThan(50);
    }
}
