package dev.residual.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.graph.Graph;
import dev.residual.graph.GraphBuilder;
import dev.residual.graph.GraphBuilder.Value;
import dev.residual.graph.Operation;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Parameter;
import dev.residual.graph.Shape;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each operation, forward and backward, on each backend and in each precision, against libtorch's operation and autograd in
 * double; in bfloat16 as near to that as a bfloat16 can be.
 */
class KernelTest {
    private static final int BATCH = 5;

    @AfterEach
    void oneThread() {
        Engine.start(1);
    }

    /** An operation to build behind a first one that it takes its input from, and the same by libtorch. */
    private record Case(
            String name, Shape input, UnaryOperator<Value> build, Function<Values, Tensor> reference, int threads) {
        @Override
        public String toString() {
            return name + " on " + input + ", " + threads + " threads";
        }
    }

    /** What an operation is computed from, in double. */
    private record Values(Tensor x, Function<String, Tensor> parameter) {}

    private static Case conv(int in, int out, int size, int kernel, int stride, int threads) {
        long[] strides = {stride, stride};
        long[] paddings = {(kernel - 1) / 2, (kernel - 1) / 2};
        return new Case(
                "conv " + kernel + "×" + kernel + "/" + stride + " to " + out,
                new Shape(in, size, size),
                x -> x.convolution("conv", kernel, out, stride),
                v -> torch.conv2d(
                        v.x,
                        v.parameter.apply("weight"),
                        new TensorOptional(v.parameter.apply("bias")),
                        strides,
                        paddings,
                        new long[] {1, 1},
                        1),
                threads);
    }

    private static Case norm(int channels, int size, int threads) {
        return new Case(
                "batch norm",
                new Shape(channels, size, size),
                x -> x.batchNorm("bn"),
                v -> torch.batch_norm(
                        v.x,
                        new TensorOptional(v.parameter.apply("weight")),
                        new TensorOptional(v.parameter.apply("bias")),
                        new TensorOptional(),
                        new TensorOptional(),
                        true,
                        BatchNorm.MOMENTUM,
                        BatchNorm.EPSILON,
                        false),
                threads);
    }

    private static Case subsample(int in, int out, int size, int stride) {
        return new Case(
                "subsample/" + stride + " to " + out,
                new Shape(in, size, size),
                x -> x.subsample("subsample", out, stride),
                v -> {
                    Tensor small = v.x.slice(2, new LongOptional(), new LongOptional(), stride)
                            .slice(3, new LongOptional(), new LongOptional(), stride);
                    long before = (out - in) / 2;
                    return torch.constant_pad_nd(small, new long[] {0, 0, 0, 0, before, out - in - before});
                },
                1);
    }

    private static final List<Case> CASES = List.of(
            conv(16, 16, 32, 3, 1, 1),
            conv(16, 32, 32, 3, 2, 2),
            conv(32, 64, 15, 3, 2, 3),
            conv(64, 64, 8, 3, 1, 2),
            conv(16, 32, 16, 1, 1, 2),
            conv(16, 32, 16, 1, 2, 2),
            conv(8, 16, 9, 1, 2, 1),
            conv(512, 2048, 4, 1, 1, 2),
            conv(2048, 512, 4, 1, 1, 2),
            conv(16, 32, 16, 2, 2, 2),
            conv(96, 48, 7, 3, 1, 2),
            conv(5, 7, 6, 3, 1, 2),
            conv(4, 8, 10, 3, 2, 2),
            conv(24, 20, 8, 3, 2, 2),
            conv(16, 16, 9, 5, 1, 2),
            norm(16, 32, 1),
            norm(32, 9, 2),
            norm(48, 5, 3),
            norm(10, 8, 2),
            subsample(16, 32, 8, 2),
            subsample(32, 64, 7, 2),
            subsample(6, 9, 5, 2),
            subsample(20, 24, 4, 1),
            subsample(12, 12, 8, 2),
            new Case("ReLU", new Shape(16, 6, 6), Value::relu, v -> v.x.relu(), 2),
            new Case("ReLU", new Shape(5, 6, 6), Value::relu, v -> v.x.relu(), 1),
            new Case("pool", new Shape(32, 8, 8), Value::globalAveragePool, v -> v.x.mean(2, 3), 2),
            new Case("pool", new Shape(13, 4, 6), Value::globalAveragePool, v -> v.x.mean(2, 3), 1));

    static Stream<Arguments> everywhere() {
        return CASES.stream()
                .flatMap(c -> Stream.of("onednn", "libtorch")
                        .flatMap(backend -> Stream.of(Precision.values()).map(p -> Arguments.of(c, backend, p))));
    }

    /** Values that a bfloat16 can hold. */
    private static Tensor random(long... shape) {
        return torch.randn(shape).to(ScalarType.BFloat16).to(ScalarType.Float);
    }

    private static void assertNear(Tensor actual, Tensor expected, Precision precision) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        double largest = expected.abs().max().item_double();
        double difference =
                actual.to(ScalarType.Double).sub(expected).abs().max().item_double();
        // four units in a bfloat16's last place: libtorch adds up in bfloat16 where a processor has no instructions for
        // it
        assertThat(difference).isLessThan(largest * (precision == Precision.FP32 ? 2e-5 : 1.6e-2));
    }

    /** N×C×H×W of what a backend computes with. */
    private static Tensor plain(Tensor maps, Shape shape) {
        return maps.dim() == 5 ? maps.permute(0, 1, 4, 2, 3).flatten(1, 2).narrow(1, 0, shape.channels()) : maps;
    }

    /** Leaves NaN in the memory that the backend will give out next for the same purpose. */
    private static void dirty(Supplier<Tensor> computation) {
        try (Scope scope = Scope.inference()) {
            Tensor found = computation.get();
            if (found.dim() == 5) {
                found.fill_(new Scalar(Double.NaN));
            }
        }
    }

    /** What fills the last block up must be zeros: the next operation multiplies it, and a NaN times zero is a NaN. */
    private static void assertFilledWithZeros(Tensor maps, Shape shape) {
        if (maps.dim() == 5) {
            Tensor channels = maps.permute(0, 1, 4, 2, 3).flatten(1, 2);
            long filling = channels.size(1) - shape.channels();
            double sum = channels.narrow(1, shape.channels(), filling)
                    .to(ScalarType.Float)
                    .abs()
                    .sum()
                    .item_double();
            assertThat(sum).isZero();
        }
    }

    /** In the backend's layout, by way of the kernel that brings images there. */
    private static Tensor laidOut(Tensor plain, Shape shape, String backend, Precision precision) {
        Tensor typed = plain.to(precision.type());
        if (plain.dim() == 2) {
            return plain;
        }
        if (backend.equals("libtorch")) {
            return Tensors.channelsLast(typed);
        }
        long[] sizes = OneDnnLayout.sizes(OneDnnLayout.memoryFormat(precision.type()), BATCH, shape);
        long padding = sizes[1] * sizes[4] - shape.channels();
        return torch.constant_pad_nd(typed, new long[] {0, 0, 0, 0, 0, padding})
                .unflatten(1, new long[] {sizes[1], sizes[4]})
                .permute(0, 1, 3, 4, 2)
                .contiguous();
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void computesAndFindsItsGradients(Case c, String name, Precision precision) {
        check(c, name, precision, new TestPass(false));
    }

    static Stream<Arguments> normsEverywhere() {
        return everywhere().filter(arguments -> ((Case) arguments.get()[0]).name.equals("batch norm"));
    }

    /** Of several processes, one that has the whole minibatch. */
    @ParameterizedTest
    @MethodSource("normsEverywhere")
    void batchNormOfSeveralProcesses(Case c, String name, Precision precision) {
        check(c, name, precision, new TestPass(false).alone());
    }

    private void check(Case c, String name, Precision precision, TestPass pass) {
        Backends.assumeHere(name, precision);
        Engine.start(c.threads);
        torch.manual_seed(5);
        GraphBuilder builder = new GraphBuilder(true);
        Graph graph = builder.build(c.build.apply(builder.images(c.input).relu()));
        Graph.Node node = graph.output();
        try (Scope scope = Scope.open();
                Backend backend = Backend.of(name, Device.CPU, precision);
                Kernel kernel = backend.kernel(graph, node)) {
            Tensor x = random(BATCH, c.input.channels(), c.input.height(), c.input.width());
            for (Parameter p : node.operation().parameters()) {
                String part = p.name().substring(p.name().indexOf('.') + 1);
                boolean positive = part.equals("running_var");
                pass.with(part, positive ? torch.ones(p.sizes()) : random(p.sizes()));
            }
            Tensor exact = x.to(ScalarType.Double).set_requires_grad(true);
            Tensor expected = c.reference.apply(new Values(exact, part -> parameter(pass, part)));
            Tensor gradient = random(expected.shape());
            expected.mul(gradient).sum().backward();

            try (Scope inference = Scope.inference()) {
                backend.tasks().beginForward();
                Tensor input = laidOut(x, c.input, name, precision);
                dirty(() -> kernel.forward(List.of(input), pass));
                Tensor y = kernel.forward(List.of(input), pass);
                assertFilledWithZeros(y, node.shape());
                assertNear(plain(y, node.shape()), expected.detach(), precision);
                assertNear(plain(input, c.input), x.to(ScalarType.Double), Precision.FP32); // is left as it was
                Tensor above = laidOut(gradient, node.shape(), name, precision);
                dirty(() -> kernel.backward(above, pass).get(0));
                Tensor ofX = kernel.backward(above, pass).get(0);
                assertFilledWithZeros(ofX, c.input);
                assertNear(plain(ofX, c.input), exact.grad(), precision);
                for (String part : List.of("weight", "bias")) {
                    if (doubled.containsKey(part)) {
                        assertNear(pass.gradient(part), doubled.get(part).grad(), precision);
                    }
                }
            } finally {
                doubled.clear();
            }
        }
    }

    private final java.util.Map<String, Tensor> doubled = new java.util.HashMap<>();

    private Tensor parameter(TestPass pass, String part) {
        return doubled.computeIfAbsent(
                part, p -> pass.parameter(p).to(ScalarType.Double).set_requires_grad(true));
    }

    /** oneDNN's loop for every case took seconds for what others do in milliseconds. */
    @Test
    void fewChannelsHaveFastKernelsToo() {
        for (Precision precision : Precision.values()) {
            if (OneDnn.problem(precision).isEmpty()) {
                MemoryFormat format = OneDnnLayout.memoryFormat(precision.type());
                for (int channels : List.of(1, 4, 8, 12, 20)) {
                    var conv = new Convolution("conv", channels, channels + 1, 3, 1, true, Operation.Epilogue.NONE);
                    try (ConvolutionPrimitives made = new ConvolutionPrimitives(
                            conv, new Shape(channels, 8, 8), false, 2, precision.type(), format)) {
                        assertThat(made.isReference())
                                .as(channels + " channels in " + precision)
                                .isFalse();
                    }
                }
            }
        }
    }

    /** oneDNN would read, or write, beyond the end of what is too small. */
    @Test
    void whatDoesNotFitIsRefusedBeforeOneDnnSeesIt() {
        Backends.assumeHere("onednn", Precision.FP32);
        Shape shape = new Shape(16, 8, 8);
        GraphBuilder builder = new GraphBuilder(false);
        Graph graph = builder.build(builder.images(shape).relu().convolution("conv", 3, 16, 1));
        MemoryFormat format = OneDnnLayout.memoryFormat(ScalarType.Float);
        try (Scope scope = Scope.inference();
                ConvolutionPrimitives conv = new ConvolutionPrimitives(
                        (Convolution) graph.output().operation(), shape, false, 2, ScalarType.Float, format)) {
            Tensor x = torch.zeros(OneDnnLayout.sizes(format, 2, shape));
            Tensor y = torch.zeros(OneDnnLayout.sizes(format, 2, shape));
            Tensor weight = torch.zeros(16, 16, 3, 3);
            conv.forward(x, weight, Optional.empty(), y);
            for (Tensor wrong : List.of(
                    y.narrow(0, 0, 1),
                    y.to(ScalarType.BFloat16),
                    y.to(ScalarType.Double),
                    y.transpose(2, 3).contiguous().transpose(2, 3))) {
                assertThatThrownBy(() -> conv.forward(x, weight, Optional.empty(), wrong))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @Test
    void whatMayBeOverwrittenIs() {
        for (String name : List.of("onednn", "libtorch")) {
            Backends.assumeHere(name, Precision.FP32);
            Shape shape = new Shape(16, 4, 4);
            GraphBuilder builder = new GraphBuilder(false);
            Value images = builder.images(shape);
            Graph graph = builder.build(images.relu().plus(images));
            try (Scope scope = Scope.inference();
                    Backend backend = Backend.of(name, Device.CPU, Precision.FP32)) {
                Tensor x = laidOut(random(BATCH, 16, 4, 4), shape, name, Precision.FP32);
                Tensor before = x.clone();
                TestPass free = new TestPass(true);
                Kernel add = backend.kernel(graph, graph.output());
                Tensor sum = add.forward(List.of(x, before), free);
                assertThat(sum.data_ptr().address()).isEqualTo(x.data_ptr().address());
                assertThat(torch.equal(sum, before.mul(new Scalar(2)))).isTrue();
                Kernel relu = backend.kernel(graph, graph.nodes().get(1));
                Tensor rectified = relu.forward(List.of(x), free);
                assertThat(rectified.data_ptr().address())
                        .isEqualTo(x.data_ptr().address());
            }
        }
    }

    @Test
    void memoryThatIsNotThereIsToldFromOtherFaults() {
        Engine.start();
        assertThatThrownBy(() -> torch.empty(1L << 50)).matches(Engine::isOutOfMemory);
        assertThatThrownBy(() -> torch.empty(2).view(3)).matches(e -> !Engine.isOutOfMemory(e));
    }

    @Test
    void wholeNumbersOfBfloat16sBitsKeepWhatIsPositiveAndNothingElse() {
        Engine.start();
        float[] values = {-0f, 0f, 1e-40f, -1e-40f, 3e38f, -3e38f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        try (Scope scope = Scope.inference()) {
            Tensor x = Tensors.of(values, 1, values.length, 1, 1).to(ScalarType.BFloat16);
            Tensor expected = x.relu();
            assertThat(torch.equal(Layout.relu(x), expected)).isTrue();
        }
    }
}
