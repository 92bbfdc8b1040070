package dev.residual.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.backend.Backend;
import dev.residual.backend.Backends;
import dev.residual.backend.Pass.Statistics;
import dev.residual.graph.Dropping;
import dev.residual.graph.Graph;
import dev.residual.graph.Parameter;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits, running statistics and gradients of whole networks, on each backend, against {@link TorchNet}. */
class TrainingNetworkTest {
    private static final int IMAGES = 2;

    /** Starts that are compared in each test. */
    private static final int STARTS = 2;

    /** What float32 may round the input of a ReLU by. */
    private static final double ROUNDING = 8e-6;

    /** Blocks that stochastic depth leaves out of a step, one of them where the size changes. */
    private static final List<String> DROPPED = List.of("layer1.1", "layer2.0");

    @AfterEach
    void oneThread() {
        Engine.start(1);
    }

    private static Architecture network(Shortcut shortcut, int width) {
        List<Integer> widths = List.of(width, 2 * width, 4 * width);
        return Architecture.of("resnet14")
                .withShortcut(shortcut)
                .withWidths(widths)
                .withConvBias(shortcut == Shortcut.ARTICLE);
    }

    /** What one minibatch gives. */
    private record Step(
            float[] logits, Map<String, float[]> gradients, Map<String, float[]> statistics, double nearestToZero) {}

    private static Tensor images(int seed) {
        torch.manual_seed(seed);
        return torch.randn(IMAGES, 3, 32, 32);
    }

    private static Tensor direction(int seed, int classes) {
        torch.manual_seed(seed + 1000);
        return torch.randn(IMAGES, classes).div_(new Scalar(IMAGES));
    }

    private static Step ours(Architecture a, int seed, String backendName, Precision precision) {
        RandomWeights random = new RandomWeights(seed);
        Graph graph = a.graph();
        try (Scope scope = Scope.inference();
                Weights weights = new Weights(graph, random::of, Device.CPU);
                Backend backend = Backend.of(backendName, Device.CPU, precision);
                TrainingNetwork network = new TrainingNetwork(graph, weights, backend)) {
            Tensor images = images(seed).to(precision.type());
            Set<String> names = a.survival() == 1
                    ? Set.of()
                    : Set.of(DROPPED.get(0) + ".stochastic_depth", DROPPED.get(1) + ".stochastic_depth");
            float[] logits =
                    Tensors.floats(a.survival() == 1 ? network.forward(images) : network.forward(images, names));
            network.backward(direction(seed, a.classes()));
            Map<String, float[]> gradients = new LinkedHashMap<>();
            network.gradients().views().forEach((name, g) -> gradients.put(name, Tensors.floats(g)));
            Map<String, float[]> statistics = new LinkedHashMap<>();
            weights.tensors().forEach((p, t) -> {
                if (!p.trained()) {
                    statistics.put(p.name(), Tensors.floats(t));
                }
            });
            return new Step(logits, gradients, statistics, 0);
        }
    }

    private static Step reference(Architecture a, int seed) {
        RandomWeights random = new RandomWeights(seed);
        try (Scope scope = Scope.open()) {
            TorchNet net = new TorchNet(a, random::of, true);
            if (a.survival() < 1) {
                net.drop(DROPPED);
            }
            Tensor logits = net.logits(images(seed));
            logits.mul(direction(seed, a.classes()).to(ScalarType.Double)).sum().backward();
            Map<String, float[]> gradients = new LinkedHashMap<>();
            Map<String, float[]> statistics = new LinkedHashMap<>();
            for (Parameter p : a.graph().parameters()) {
                if (p.trained()) {
                    Tensor gradient = net.get(p.name()).grad();
                    boolean dropped = a.survival() < 1 && DROPPED.stream().anyMatch(p.name()::startsWith);
                    if (gradient.defined()) { // a BN that is never called has none
                        gradients.put(p.name(), Tensors.floats(gradient));
                    } else if (dropped) {
                        gradients.put(p.name(), new float[(int) p.count()]);
                    }
                } else {
                    statistics.put(p.name(), Tensors.floats(net.get(p.name())));
                }
            }
            return new Step(Tensors.floats(logits), gradients, statistics, net.nearestToZero());
        }
    }

    /** The largest, over all of them, of the difference's length as a share of the expected one's. */
    private static double distance(Map<String, float[]> actual, Map<String, float[]> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        return expected.entrySet().stream()
                .filter(e -> !isZeroButForRounding(e.getValue()))
                .mapToDouble(e -> distance(actual.get(e.getKey()), e.getValue()))
                .max()
                .orElseThrow();
    }

    /** What is added before BN, such as a convolution's bias, BN takes away again. The reference computes in double. */
    private static boolean isZeroButForRounding(float[] expected) {
        for (float value : expected) {
            if (Math.abs(value) > 1e-12) {
                return false;
            }
        }
        return true;
    }

    private static double distance(float[] actual, float[] expected) {
        double difference = 0;
        double length = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow(actual[i] - expected[i], 2);
            length += Math.pow(expected[i], 2);
        }
        return difference == 0 ? 0 : Math.sqrt(difference / length);
    }

    /**
     * Where rounding decides the sign of a ReLU's input, and so whether its gradient passes, there is nothing to compare:
     * the starts are the first ones in which no value is that near to 0.
     */
    @ParameterizedTest
    @CsvSource({
        "A, 16, 1, onednn",
        "A, 16, 2, onednn",
        "A, 16, 3, onednn",
        "B, 16, 2, onednn",
        "C, 16, 1, onednn",
        "NONE, 16, 2, onednn",
        "ARTICLE, 16, 2, onednn",
        "A, 12, 2, onednn",
        "B, 10, 1, onednn",
        "ARTICLE, 5, 2, onednn",
        "A, 12, 1, libtorch",
        "A, 16, 2, libtorch",
        "B, 16, 2, libtorch",
        "C, 12, 2, libtorch",
        "NONE, 16, 3, libtorch",
        "ARTICLE, 12, 2, libtorch"
    })
    void agreesWithAnIndependentComputation(Shortcut shortcut, int width, int threads, String backend) {
        Engine.start(threads);
        Backends.assumeHere(backend, Precision.FP32);
        Architecture a = network(shortcut, width);
        int compared = 0;
        for (int seed = 1; compared < STARTS; seed++) {
            Step expected = reference(a, seed);
            if (expected.nearestToZero > ROUNDING) {
                compared++;
                assertAgrees(ours(a, seed, backend, Precision.FP32), expected);
            }
        }
    }

    static List<Architecture> variants() {
        List<Architecture> variants = Variants.all();
        variants.add(Variants.all().get(1).withSurvival(0.4));
        return variants;
    }

    @ParameterizedTest
    @MethodSource("variants")
    void everyVariantAgreesOnEachBackend(Architecture a) {
        Engine.start(2);
        Step expected;
        int seed = 0;
        do {
            expected = reference(a, ++seed);
        } while (expected.nearestToZero < ROUNDING);
        for (String backend : List.of("onednn", "libtorch")) {
            if (Backends.computes(backend, Precision.FP32)) {
                assertAgrees(ours(a, seed, backend, Precision.FP32), expected);
            }
        }
    }

    /** Of a minibatch with fewer images than processes, in steps that drop no block and in others. */
    @ParameterizedTest
    @ValueSource(strings = {"onednn", "libtorch"})
    void aProcessWithoutImagesFollowsStochasticDepth(String name) {
        Backends.assumeHere(name, Precision.FP32);
        Graph graph = network(Shortcut.B, 16).withSurvival(0.5).graph();
        try (Scope scope = Scope.noGrad();
                Backend backend = Backend.of(name, Device.CPU, Precision.FP32);
                Weights weights = Initialization.he(graph, 1, Device.CPU);
                TrainingNetwork network =
                        new TrainingNetwork(graph, weights, backend, Optional.of(TrainingNetworkTest::others))) {
            for (Set<String> dropped : List.of(
                    Set.<String>of(), Set.of(Dropping.operations(graph).get(0).name()))) {
                Tensor logits = network.forwardWithoutImages(images(1), dropped).orElseThrow();
                assertThat(logits.size(0)).isEqualTo(IMAGES);
                network.backward(torch.zeros_like(logits));
            }
        }
    }

    /** What other processes have: ones. */
    private static double[] others(double[] own) {
        double[] sums = new double[own.length];
        Arrays.fill(sums, 1);
        return sums;
    }

    private static void assertAgrees(Step actual, Step expected) {
        assertThat(distance(actual.logits, expected.logits)).isLessThan(1e-5);
        assertThat(distance(actual.statistics, expected.statistics)).isLessThan(1e-5);
        assertThat(distance(actual.gradients, expected.gradients)).isLessThan(5e-5);
    }

    /** bfloat16 moves so many values across 0 that gradients can only be as near as libtorch's own are. */
    @ParameterizedTest
    @CsvSource({"A, 16, 2", "C, 16, 2", "ARTICLE, 16, 1", "A, 12, 2"})
    void inBfloat16ItIsAsNearAsABfloat16CanBe(Shortcut shortcut, int width, int threads) {
        Engine.start(threads);
        Backends.assumeHere("onednn", Precision.BF16);
        Architecture a = network(shortcut, width);
        double oneDnn = 0;
        double libtorch = 0;
        for (int seed = 1; seed <= STARTS; seed++) {
            Step expected = reference(a, seed);
            Step actual = ours(a, seed, "onednn", Precision.BF16);
            assertThat(distance(actual.logits, expected.logits)).isLessThan(0.02);
            assertThat(distance(actual.statistics, expected.statistics)).isLessThan(0.005);
            oneDnn += distance(actual.gradients, expected.gradients);
            libtorch += distance(ours(a, seed, "libtorch", Precision.BF16).gradients, expected.gradients);
        }
        assertThat(oneDnn).isLessThan(1.2 * libtorch);
    }

    @ParameterizedTest
    @ValueSource(strings = {"onednn", "libtorch"})
    void onlyWhoUpdatesMovesTheRunningStatistics(String backendName) {
        Backends.assumeHere(backendName, Precision.FP32);
        Graph graph = network(Shortcut.A, 16).graph();
        try (Scope scope = Scope.inference();
                Weights weights = new Weights(graph, new RandomWeights(1)::of, Device.CPU);
                Backend backend = Backend.of(backendName, Device.CPU, Precision.FP32);
                TrainingNetwork network = new TrainingNetwork(graph, weights, backend)) {
            float[] before = weights.floats("bn1.running_mean");
            float[] kept = Tensors.floats(network.forwardOnly(images(1), Statistics.BATCH));
            assertThat(weights.floats("bn1.running_mean")).isEqualTo(before);
            float[] moved = Tensors.floats(network.forwardOnly(images(1), Statistics.BATCH_AND_UPDATE));
            assertThat(weights.floats("bn1.running_mean")).isNotEqualTo(before);
            assertThat(moved).isEqualTo(kept).isEqualTo(Tensors.floats(network.forward(images(1))));
        }
    }

    /** JavaCPP counts the native objects that Java owns: those of a step must be none at its end, however deep the network. */
    @ParameterizedTest
    @CsvSource({"1, onednn", "2, onednn", "2, libtorch"})
    void whatAStepHasDoneWithIsFreed(int threads, String backendName) {
        Engine.start(threads);
        Backends.assumeHere(backendName, Precision.FP32);
        long[] left = new long[2];
        for (int i = 0; i < 2; i++) {
            Graph graph = Architecture.of(i == 0 ? "resnet8" : "resnet20").graph();
            try (Scope scope = Scope.inference();
                    Weights weights = Initialization.he(graph, 1, Device.CPU);
                    Backend backend = Backends.with(backendName, () -> 0);
                    TrainingNetwork network = new TrainingNetwork(graph, weights, backend)) {
                left[i] = Long.MAX_VALUE;
                for (int step = 0; step < 6; step++) { // the first ones make what all use again
                    long before = Pointer.totalCount();
                    network.forward(images(1));
                    network.backward(direction(1, 10));
                    left[i] = Math.min(left[i], Pointer.totalCount() - before);
                }
            }
        }
        assertThat(left[1]).isEqualTo(left[0]);
    }

    /** ReLU may make 0 of a NaN, and the loss be finite; but then a gradient is not. */
    @ParameterizedTest
    @CsvSource({
        "conv1.weight, BF16",
        "layer1.0.conv2.weight, BF16",
        "layer2.0.conv1.weight, BF16",
        "layer3.1.bn1.weight, BF16",
        "conv1.weight, FP32",
        "layer3.1.conv2.weight, FP32"
    })
    void aNanInTheNetworkIsInItsGradientsToo(String broken, Precision precision) {
        Engine.start(2);
        Graph graph = network(Shortcut.A, 16).graph();
        try (Scope scope = Scope.inference();
                Weights weights = Initialization.he(graph, 1, Device.CPU);
                Backend backend = Backend.of("auto", Device.CPU, precision);
                TrainingNetwork network = new TrainingNetwork(graph, weights, backend)) {
            for (boolean nan : new boolean[] {false, true}) {
                if (nan) {
                    weights.get(broken).view(-1).narrow(0, 0, 1).fill_(new Scalar(Double.NaN));
                }
                network.forward(images(1).to(precision.type()));
                network.backward(direction(1, 10));
                double sum = network.gradients().all().sum().item_double();
                assertThat(Double.isFinite(sum)).isEqualTo(!nan);
            }
        }
    }

    /** Other processes may come and go: a step takes another number of threads then, and gives the same bytes. */
    @ParameterizedTest
    @CsvSource({
        "resnet14, 2, FP32, 16, onednn",
        "resnet14, 2, BF16, 100, onednn",
        "resnet14, 4, BF16, 128, onednn",
        "resnet14, 3, FP32, 128, onednn",
        "article32, 2, FP32, 128, onednn",
        "article32, 2, BF16, 100, onednn",
        "article32, 4, FP32, 16, onednn",
        "projections, 2, FP32, 100, onednn",
        "projections, 3, BF16, 64, onednn",
        "resnet14, 3, FP32, 16, libtorch",
        "projections, 2, FP32, 16, libtorch",
        "resnet164, 2, FP32, 8, libtorch",
        "resnet164, 2, BF16, 8, libtorch"
    })
    void busyCoresDoNotShowInTheBytes(String name, int threads, Precision precision, int batch, String backendName) {
        Engine.start(threads);
        Backends.assumeHere(backendName, precision);
        Graph graph = (name.equals("projections") ? network(Shortcut.C, 16) : Architecture.of(name)).graph();
        Map<String, float[]> quiet = new LinkedHashMap<>();
        torch.manual_seed(1);
        try (Scope scope = Scope.inference()) {
            Tensor images = torch.randn(batch, 3, 32, 32).to(precision.type());
            Tensor direction = torch.randn(batch, 10);
            for (int busy = 0; busy <= threads + 1; busy++) {
                int cores = busy;
                try (Weights weights = Initialization.he(graph, 5, Device.CPU);
                        Backend backend = Backends.with(backendName, () -> cores);
                        TrainingNetwork network = new TrainingNetwork(graph, weights, backend)) {
                    Map<String, float[]> now = new LinkedHashMap<>();
                    now.put("logits", Tensors.floats(network.forward(images)));
                    network.backward(direction);
                    network.gradients().views().forEach((p, view) -> now.put(p, Tensors.floats(view)));
                    now.forEach(quiet::putIfAbsent);
                    assertThat(now.keySet())
                            .filteredOn(p -> !Arrays.equals(now.get(p), quiet.get(p)))
                            .as("what differs with %d busy cores", cores)
                            .isEmpty();
                }
            }
        }
    }

    /** What a run's bytes rest on. */
    @ParameterizedTest
    @CsvSource({"1, FP32", "2, FP32", "2, BF16", "4, FP32", "5, BF16"})
    void theSameStepGivesTheSameBytes(int threads, Precision precision) {
        Engine.start(threads);
        Graph graph = Architecture.of("resnet14").graph();
        float[] first = null;
        try (Scope scope = Scope.inference();
                Weights weights = Initialization.he(graph, 5, Device.CPU);
                Backend backend = Backend.of("auto", Device.CPU, precision);
                TrainingNetwork network = new TrainingNetwork(graph, weights, backend)) {
            torch.manual_seed(1);
            Tensor images = torch.randn(32, 3, 32, 32).to(precision.type());
            Tensor direction = torch.randn(32, 10);
            for (int i = 0; i < 10; i++) {
                network.forward(images);
                network.backward(direction);
                float[] now = Tensors.floats(network.gradients().views().get("layer1.0.conv1.weight"));
                first = first == null ? now : first;
                assertThat(now).isEqualTo(first);
            }
        }
    }
}
