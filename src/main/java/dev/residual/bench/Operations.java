package dev.residual.bench;

import dev.residual.model.Architecture;
import dev.residual.model.BatchNorm2d;
import dev.residual.model.Conv2d;
import dev.residual.model.Module;
import dev.residual.model.ResNet;
import dev.residual.model.ResidualBlock;
import dev.residual.model.Shape;
import dev.residual.model.Shortcut;
import dev.residual.tensor.BatchNormPrimitives;
import dev.residual.tensor.ConvolutionPrimitives;
import dev.residual.tensor.Maps;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * The operations that a training step of a network is made of, each kind and shape timed alone: the floor that a step
 * stands on. Alone, an operation finds its input in the processor's cache; in a step, what the way forward left for the way
 * back comes from memory. So each is also timed after the caches were filled with something else. Timed in rounds, so that
 * steps can be timed between: a machine drifts.
 */
public final class Operations implements AutoCloseable {
    /** Runs of each operation in a round: at least so many, and for so long. */
    private static final int RUNS = 4;

    private static final long NANOSECONDS = 20_000_000;

    /** More than a processor's caches hold for a few cores. */
    private static final long CACHES = 128L << 20;

    /** The operations as who computes them. */
    public enum Form {
        /** libtorch's, on plain maps, channels-last: what autograd would call. */
        LIBTORCH,
        /** As a step of this program computes them: where it can be, by oneDNN on blocked {@link Maps}. */
        STEP
    }

    /**
     * @param operation such as {@code conv, forward}
     * @param shape of its input, and the channels that come out
     * @param count how often a step does it
     * @param minimum the least milliseconds that it took once
     * @param median of the milliseconds that it took
     * @param fromMemory the least milliseconds with nothing in the caches
     */
    public record Cost(String operation, String shape, int count, double minimum, double median, double fromMemory) {}

    private record Key(String operation, String shape) {}

    private static final class Operation {
        private final Runnable work;
        private final List<Double> milliseconds = new ArrayList<>();
        private double fromMemory = Double.POSITIVE_INFINITY;
        private int count;

        Operation(Runnable work) {
            this.work = work;
        }

        void run(Runnable fillCaches) {
            long begin = System.nanoTime();
            for (int i = 0; i < RUNS || System.nanoTime() - begin < NANOSECONDS; i++) {
                milliseconds.add(time());
            }
            for (int i = 0; i < RUNS; i++) {
                fillCaches.run();
                fromMemory = Math.min(fromMemory, time());
            }
        }

        private double time() {
            try (Scope scope = Scope.inference()) {
                long start = System.nanoTime();
                work.run();
                return (System.nanoTime() - start) / 1e6;
            }
        }

        Cost cost(Key key) {
            double[] sorted = milliseconds.stream().mapToDouble(t -> t).sorted().toArray();
            return new Cost(key.operation, key.shape, count, sorted[0], sorted[sorted.length / 2], fromMemory);
        }
    }

    private final int batch;
    private final Precision precision;
    private final Form form;
    private final List<Integer> widths;
    private final Scope scope = Scope.inference();
    private final Map<Key, Operation> operations = new LinkedHashMap<>();
    private final Map<String, Tensor> maps = new HashMap<>();

    /** @param loop of the same network, batch and precision; outlives this */
    public Operations(Architecture architecture, int batch, Precision precision, Form form, BareLoop loop) {
        this.batch = batch;
        this.precision = precision;
        this.form = form;
        widths = architecture.widths();
        list(ResNet.of(architecture));
        add("classifier and loss", "there and back", 1, () -> loop::classify);
        if (form == Form.LIBTORCH && precision != Precision.FP32) {
            add("cast", "all filters", 1, () -> loop::castFilters);
        }
        add("update", "all parameters", 1, () -> loop::update);
    }

    /** Times each kind of operation some times more. */
    public void round() {
        try (Scope round = Scope.noGrad()) {
            Tensor other = torch.zeros(CACHES / Float.BYTES);
            operations.values().forEach(operation -> operation.run(() -> other.add_(new Scalar(1))));
        }
    }

    /** What all rounds found. */
    public List<Cost> costs() {
        return operations.entrySet().stream()
                .map(e -> e.getValue().cost(e.getKey()))
                .toList();
    }

    private void list(ResNet network) {
        Shape shape = conv(network.conv1(), ResNet.IMAGE, false);
        bn(network.bn1(), shape);
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
        conv(block.conv2(), shape, true);
        bn(block.bn2(), shape);
        if (block.shortcut() instanceof Shortcut.Projection projection) {
            Shape small = new Shape(input.channels(), shape.height(), shape.width());
            conv(projection.conv(), small, true);
            bn(projection.bn(), shape);
        }
        if (!(block.shortcut() instanceof Shortcut.None)) {
            add("add, forward and backward", shape.toString(), 2, () -> {
                Tensor a = maps("output", shape);
                Tensor zeros = maps("zeros", shape).zero_(); // or the sum would grow beyond all bounds
                return () -> a.add_(zeros);
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
        add(kind + "forward", shape, 1, () -> forward(conv, maps("input", input), filters(conv)));
        add(kind + "filters' gradient", shape, 1, () -> gradient(conv, input, output, false));
        if (ofInput) {
            add(kind + "input's gradient", shape, 1, () -> gradient(conv, input, output, true));
        }
        return output;
    }

    private static Runnable forward(Conv2d conv, Tensor x, Tensor filters) {
        if (Maps.isBlocked(x)) {
            ConvolutionPrimitives oneDnn = primitives(conv, x);
            Tensor y = torch.empty(oneDnn.outputShape()).to(x.scalar_type());
            return () -> oneDnn.forward(x, filters, Optional.empty(), y);
        }
        long[] stride = {conv.stride(), conv.stride()};
        long[] padding = {conv.padding(), conv.padding()};
        TensorOptional none = new TensorOptional();
        return () -> torch.conv2d(x, filters, none, stride, padding, new long[] {1, 1}, 1);
    }

    private Runnable gradient(Conv2d conv, Shape input, Shape output, boolean ofInput) {
        Tensor x = maps("input", input);
        Tensor gradient = maps("output", output);
        Tensor filters = filters(conv);
        if (Maps.isBlocked(x)) {
            ConvolutionPrimitives oneDnn = primitives(conv, x);
            Tensor result = torch.empty_like(ofInput ? x : filters);
            return ofInput
                    ? () -> oneDnn.backward(gradient, filters, result)
                    : () -> oneDnn.backwardToNumbers(gradient, x, result, Optional.empty());
        }
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

    private static ConvolutionPrimitives primitives(Conv2d conv, Tensor x) {
        return ConvolutionPrimitives.of(x, conv.out(), conv.kernel(), conv.stride(), conv.padding(), false);
    }

    private void bn(BatchNorm2d bn, Shape shape) {
        Tensor x = maps("input", shape);
        if (!Maps.isBlocked(x)) {
            bnOfLibtorch(bn, shape);
            if (bn.relu()) {
                relu(shape);
            }
            return;
        }
        String kind = bn.relu() ? "BN and ReLU" : "BN";
        Tensor ones = torch.ones(bn.channels());
        Tensor result = maps("output", shape);
        add(kind + ", forward", shape.toString(), 1, () -> {
            BatchNormPrimitives oneDnn = BatchNormPrimitives.of(x, bn.relu(), BatchNorm2d.EPSILON);
            return () -> oneDnn.forward(x, ones, ones, result);
        });
        add(kind + ", backward", shape.toString(), 1, () -> {
            BatchNormPrimitives oneDnn = BatchNormPrimitives.of(x, bn.relu(), BatchNorm2d.EPSILON);
            BatchNormPrimitives.Statistics statistics = oneDnn.forward(x, ones, ones, result);
            Tensor gradient = maps("relu", shape);
            Tensor ofNumbers = torch.ones(bn.channels());
            return () -> oneDnn.backward(gradient, x, ones, statistics, result, ofNumbers, ofNumbers);
        });
    }

    private void bnOfLibtorch(BatchNorm2d bn, Shape shape) {
        TensorOptional none = new TensorOptional();
        TensorOptional ones = new TensorOptional(torch.ones(bn.channels()));
        add("BN, forward", shape.toString(), 1, () -> {
            Tensor x = maps("input", shape);
            return () -> torch.native_batch_norm(x, ones, ones, none, none, true, 0.1, 1e-5);
        });
        add("BN, backward", shape.toString(), 1, () -> {
            Tensor x = maps("input", shape);
            T_TensorTensorTensor_T forward = torch.native_batch_norm(x, ones, ones, none, none, true, 0.1, 1e-5);
            TensorOptional mean = new TensorOptional(forward.get1());
            TensorOptional deviation = new TensorOptional(forward.get2());
            Tensor gradient = maps("output", shape);
            BoolPointer wanted = new BoolPointer(3).put(0, true).put(1, true).put(2, true);
            return () -> torch.native_batch_norm_backward(
                    gradient, x, ones, none, none, mean, deviation, true, 1e-5, wanted);
        });
    }

    private void relu(Shape shape) {
        Scalar zero = new Scalar(0);
        add("ReLU, forward", shape.toString(), 1, () -> {
            Tensor y = maps("relu", shape);
            return form == Form.STEP ? () -> Maps.relu(y) : y::relu_;
        });
        add("ReLU, backward", shape.toString(), 1, () -> {
            Tensor y = maps("relu", shape);
            Tensor gradient = maps("output", shape);
            return form == Form.STEP
                    ? () -> Maps.maskByPositive(gradient, y)
                    : () -> torch.threshold_backward_out(gradient, gradient, y, zero);
        });
    }

    private void add(String operation, String shape, int count, Supplier<Runnable> work) {
        operations.computeIfAbsent(new Key(operation, shape), k -> new Operation(work.get())).count += count;
    }

    /** Noise, in memory as a network's maps are; the same for each use. */
    private Tensor maps(String use, Shape shape) {
        return maps.computeIfAbsent(use + " " + shape, key -> {
            Tensor images = Tensors.channelsLast(torch.randn(batch, 3, shape.height(), shape.width()))
                    .to(precision.type());
            Tensor first = form == Form.STEP ? Maps.blocked(images, widths) : images;
            if (shape.channels() == 3) {
                return first;
            }
            if (Maps.isBlocked(first)) {
                Conv2d conv = new Conv2d("", 3, shape.channels(), 3, 1, 1, false);
                return torch.randn(primitives(conv, first).outputShape()).to(precision.type());
            }
            return Tensors.channelsLast(torch.randn(batch, shape.channels(), shape.height(), shape.width()))
                    .to(precision.type());
        });
    }

    /** In the form in which a step has them: float32 for oneDNN by itself, which casts by itself. */
    private Tensor filters(Conv2d conv) {
        Tensor filters = torch.randn(conv.out(), conv.in(), conv.kernel(), conv.kernel());
        boolean blocked = Maps.isBlocked(maps("input", ResNet.IMAGE));
        return blocked ? filters : Tensors.channelsLast(filters).to(precision.type());
    }

    @Override
    public void close() {
        scope.close();
    }
}
