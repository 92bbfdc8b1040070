package dev.residual.bench;

import dev.residual.model.Architecture;
import dev.residual.model.BatchNorm2d;
import dev.residual.model.Conv2d;
import dev.residual.model.Module;
import dev.residual.model.ResNet;
import dev.residual.model.ResidualBlock;
import dev.residual.model.Shape;
import dev.residual.model.Shortcut;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * The operations that a training step of a network is made of, each kind and shape timed alone: the floor that a step
 * stands on. A step never meets the luckiest moment of each, so what they usually take is noted beside it. Alone, an
 * operation finds its input in the processor's cache; in a step much comes from memory.
 */
public final class Operations {
    /** Runs of each operation: at least so many, and for so long. */
    private static final int RUNS = 8;

    private static final long NANOSECONDS = 150_000_000;

    /**
     * @param operation such as {@code conv, forward}
     * @param shape of its input, and the channels that come out
     * @param count how often a step does it
     * @param minimum the least milliseconds that it took once
     * @param median of the milliseconds that it took
     */
    public record Cost(String operation, String shape, int count, double minimum, double median) {
        Cost orFaster(Cost again) {
            return new Cost(operation, shape, count, Math.min(minimum, again.minimum), Math.min(median, again.median));
        }
    }

    /** The better of two measurements of the same network, each by each: the machine drifts. */
    public static List<Cost> faster(List<Cost> once, List<Cost> again) {
        return IntStream.range(0, once.size())
                .mapToObj(i -> once.get(i).orFaster(again.get(i)))
                .toList();
    }

    private record Key(String operation, String shape) {}

    private static final class Operation {
        private final Supplier<Runnable> work;
        private int count;

        Operation(Supplier<Runnable> work) {
            this.work = work;
        }
    }

    private final int batch;
    private final Precision precision;
    private final Map<Key, Operation> operations = new LinkedHashMap<>();

    private Operations(int batch, Precision precision) {
        this.batch = batch;
        this.precision = precision;
    }

    /** Times each kind of operation once. */
    public static List<Cost> measure(Architecture architecture, int batch, Precision precision) {
        try (BareLoop loop = new BareLoop(architecture, batch, precision)) {
            Operations all = new Operations(batch, precision);
            all.list(ResNet.of(architecture));
            all.add("classifier and loss", "there and back", 1, () -> loop::classify);
            if (precision != Precision.FP32) {
                all.add("cast", "all filters", 1, () -> loop::castFilters);
            }
            all.add("update", "all parameters", 1, () -> loop::update);
            return all.measure();
        }
    }

    private List<Cost> measure() {
        List<Cost> costs = new ArrayList<>();
        operations.forEach((key, operation) -> {
            try (Scope scope = Scope.noGrad()) {
                double[] times = times(operation.work.get());
                costs.add(new Cost(key.operation, key.shape, operation.count, times[0], times[times.length / 2]));
            }
        });
        return costs;
    }

    /** Milliseconds of many runs, ascending. */
    private static double[] times(Runnable work) {
        List<Double> times = new ArrayList<>();
        long begin = System.nanoTime();
        while (times.size() < RUNS || System.nanoTime() - begin < NANOSECONDS) {
            try (Scope scope = Scope.noGrad()) {
                long start = System.nanoTime();
                work.run();
                times.add((System.nanoTime() - start) / 1e6);
            }
        }
        return times.stream().mapToDouble(t -> t).sorted().toArray();
    }

    private void list(ResNet network) {
        Shape shape = conv(network.conv1(), ResNet.IMAGE, false);
        bn(network.bn1(), shape);
        relu(shape);
        for (Module module : network.body()) {
            if (module instanceof Conv2d conv) {
                shape = conv(conv, shape, true);
            } else if (module instanceof ResidualBlock block) {
                shape = block(block, shape);
            }
        }
    }

    private Shape block(ResidualBlock block, Shape input) {
        Shape shape = conv(block.conv1(), input, true);
        bn(block.bn1(), shape);
        relu(shape);
        conv(block.conv2(), shape, true);
        bn(block.bn2(), shape);
        if (block.shortcut() instanceof Shortcut.Projection projection) {
            Shape small = new Shape(input.channels(), shape.height(), shape.width());
            conv(projection.conv(), small, true);
            bn(projection.bn(), shape);
        }
        if (!(block.shortcut() instanceof Shortcut.None)) {
            add("add, forward and backward", shape.toString(), 2, () -> {
                Tensor a = maps(shape);
                Tensor b = maps(shape);
                return () -> a.add_(b);
            });
        }
        relu(shape);
        return shape;
    }

    private Shape conv(Conv2d conv, Shape input, boolean ofInput) {
        int size = (input.height() + 2 * conv.padding() - conv.kernel()) / conv.stride() + 1;
        Shape output = new Shape(conv.out(), size, size);
        String kind = "conv " + conv.kernel() + "×" + conv.kernel() + ", ";
        String shape = input + " → " + conv.out() + (conv.stride() > 1 ? ", stride " + conv.stride() : "");
        add(kind + "forward", shape, 1, () -> {
            Tensor x = maps(input);
            Tensor filters = filters(conv);
            return () -> torch.conv2d(
                    x,
                    filters,
                    new TensorOptional(),
                    new long[] {conv.stride(), conv.stride()},
                    new long[] {conv.padding(), conv.padding()},
                    new long[] {1, 1},
                    1);
        });
        add(kind + "filters' gradient", shape, 1, () -> gradient(conv, input, output, false));
        if (ofInput) {
            add(kind + "input's gradient", shape, 1, () -> gradient(conv, input, output, true));
        }
        return output;
    }

    private Runnable gradient(Conv2d conv, Shape input, Shape output, boolean ofInput) {
        Tensor x = maps(input);
        Tensor gradient = maps(output);
        Tensor filters = filters(conv);
        BoolPointer wanted = new BoolPointer(3).put(0, ofInput).put(1, !ofInput).put(2, false);
        return () -> torch.convolution_backward(
                gradient,
                x,
                filters,
                new LongArrayRefOptional(),
                new long[] {conv.stride(), conv.stride()},
                new long[] {conv.padding(), conv.padding()},
                new long[] {1, 1},
                false,
                new long[] {0, 0},
                1,
                wanted);
    }

    private void bn(BatchNorm2d bn, Shape shape) {
        TensorOptional none = new TensorOptional();
        add("BN, forward", shape.toString(), 1, () -> {
            Tensor x = maps(shape);
            TensorOptional ones = ones(bn);
            return () -> torch.native_batch_norm(x, ones, ones, none, none, true, 0.1, 1e-5);
        });
        add("BN, backward", shape.toString(), 1, () -> {
            Tensor x = maps(shape);
            TensorOptional ones = ones(bn);
            T_TensorTensorTensor_T forward = torch.native_batch_norm(x, ones, ones, none, none, true, 0.1, 1e-5);
            TensorOptional mean = new TensorOptional(forward.get1());
            TensorOptional deviation = new TensorOptional(forward.get2());
            Tensor gradient = maps(shape);
            BoolPointer wanted = new BoolPointer(3).put(0, true).put(1, true).put(2, true);
            return () -> torch.native_batch_norm_backward(
                    gradient, x, ones, none, none, mean, deviation, true, 1e-5, wanted);
        });
    }

    private static TensorOptional ones(BatchNorm2d bn) {
        return new TensorOptional(torch.ones(bn.channels()));
    }

    private void relu(Shape shape) {
        add("ReLU, forward", shape.toString(), 1, () -> {
            Tensor x = maps(shape);
            return x::relu_;
        });
        add("ReLU, backward", shape.toString(), 1, () -> {
            Tensor y = maps(shape);
            Tensor gradient = maps(shape);
            return () -> torch.threshold_backward_out(gradient, gradient, y, new Scalar(0));
        });
    }

    private void add(String operation, String shape, int count, Supplier<Runnable> work) {
        operations.computeIfAbsent(new Key(operation, shape), k -> new Operation(work)).count += count;
    }

    private Tensor maps(Shape shape) {
        return random(batch, shape.channels(), shape.height(), shape.width());
    }

    private Tensor filters(Conv2d conv) {
        return random(conv.out(), conv.in(), conv.kernel(), conv.kernel());
    }

    private Tensor random(long... shape) {
        return Tensors.channelsLast(torch.randn(shape)).to(precision.type());
    }
}
