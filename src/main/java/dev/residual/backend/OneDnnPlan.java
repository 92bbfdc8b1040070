package dev.residual.backend;

import dev.residual.backend.BatchNormPrimitives.By;
import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import dev.residual.graph.Operation;
import dev.residual.graph.Operation.Add;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Operation.GlobalAveragePool;
import dev.residual.graph.Operation.Input;
import dev.residual.graph.Operation.Linear;
import dev.residual.graph.Operation.Relu;
import dev.residual.graph.Operation.Subsample;
import dev.residual.tensor.Natives;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Inference by oneDNN: each operation is made once, for a fixed number of images, on memory that stays, so that a run only
 * executes one after the other. Memory is reused as soon as its content is no longer needed.
 */
final class OneDnnPlan implements InferencePlan {
    private final Graph graph;
    private final Function<String, Tensor> weights;
    private final PackedFilters packed;
    private final long images;
    private final ScalarType type;
    private final MemoryFormat format;
    private final Natives natives = new Natives();
    private final List<Runnable> closing = new ArrayList<>();
    private final List<Runnable> steps = new ArrayList<>();
    private final Tensor[] values;
    private final int[] lastUse;
    private final Map<List<Long>, List<Tensor>> free = new HashMap<>();

    OneDnnPlan(Graph graph, Function<String, Tensor> weights, PackedFilters packed, long images, Precision precision) {
        this.graph = graph;
        this.weights = weights;
        this.packed = packed;
        this.images = images;
        type = precision.type();
        format = OneDnnLayout.memoryFormat(type);
        values = new Tensor[graph.nodes().size()];
        lastUse = new int[values.length];
        graph.nodes().forEach(node -> node.inputs().forEach(i -> lastUse[i] = node.index()));
        try (Scope scope = Scope.inference()) {
            for (Node node : graph.nodes()) {
                values[node.index()] = prepare(node);
                node.inputs().stream()
                        .distinct()
                        .filter(i -> lastUse[i] == node.index() && values[i] != values[node.index()])
                        .forEach(i -> release(values[i]));
            }
        }
    }

    private Tensor allocate(long... sizes) {
        List<Tensor> alike = free.getOrDefault(key(sizes), List.of());
        return alike.isEmpty() ? natives.own(Tensors.empty(type, sizes)) : alike.remove(alike.size() - 1);
    }

    private Tensor allocate(Node node) {
        return allocate(OneDnnLayout.sizes(format, images, node.shape()));
    }

    private void release(Tensor tensor) {
        free.computeIfAbsent(key(tensor.shape()), key -> new ArrayList<>()).add(tensor);
    }

    private static List<Long> key(long[] sizes) {
        return Arrays.stream(sizes).boxed().toList();
    }

    private Tensor weight(Operation operation, String part) {
        return weights.apply(operation.name() + "." + part);
    }

    /** Adds what computes a node to the steps, and returns the memory that its output will be in. */
    private Tensor prepare(Node node) {
        Operation operation = node.operation();
        List<Tensor> inputs = node.inputs().stream().map(i -> values[i]).toList();
        if (operation instanceof Input in) {
            return natives.own(Tensors.empty(type, OneDnnLayout.sizes(format.ofImages(), images, in.shape())));
        }
        if (operation instanceof Convolution conv) {
            return convolution(node, conv, inputs);
        }
        if (operation instanceof BatchNorm bn) {
            return batchNorm(node, bn, inputs.get(0));
        }
        if (operation instanceof Relu) {
            Tensor y = overwritten(node, 0, inputs);
            steps.add(() -> Layout.relu(y));
            return y;
        }
        if (operation instanceof Add) {
            Tensor y = overwritten(node, 0, inputs);
            Tensor other = inputs.get(1);
            steps.add(() -> y.add_(other));
            return y;
        }
        if (operation instanceof Subsample subsample) {
            return subsample(node, subsample, inputs.get(0));
        }
        if (operation instanceof GlobalAveragePool) {
            Tensor means = natives.own(
                    Tensors.empty(ScalarType.Float, images, node.shape().channels()));
            Tensor x = inputs.get(0);
            long channels = node.shape().channels();
            steps.add(() -> means.copy_(x.mean(2, 3).flatten(1, 2).narrow(1, 0, channels)));
            return means;
        }
        if (operation instanceof Linear) {
            Tensor y = natives.own(
                    Tensors.empty(ScalarType.Float, images, node.shape().channels()));
            Tensor x = inputs.get(0);
            Tensor weight = weight(operation, "weight");
            TensorOptional bias = natives.own(new TensorOptional(weight(operation, "bias")));
            steps.add(() -> y.copy_(torch.linear(x, weight, bias)));
            return y;
        }
        throw new IllegalArgumentException("no inference for " + operation);
    }

    private Tensor convolution(Node node, Convolution conv, List<Tensor> inputs) {
        Node producer = graph.nodes().get(node.inputs().get(0));
        boolean fromImages = producer.operation() instanceof Input;
        ConvolutionPrimitives made =
                new ConvolutionPrimitives(conv, producer.shape(), fromImages, images, type, format);
        closing.add(made::close);
        Tensor filters = packed.of(conv.name() + " " + type, made, weight(conv, "weight"));
        // oneDNN adds to what is in the output's memory.
        Tensor y = conv.epilogue().adds() ? overwritten(node, 1, inputs) : allocate(node);
        Optional<Tensor> bias = conv.bias() ? Optional.of(weight(conv, "bias")) : Optional.empty();
        steps.add(made.bind(inputs.get(0), filters, bias, y));
        return y;
    }

    private Tensor batchNorm(Node node, BatchNorm bn, Tensor x) {
        BatchNormPrimitives made = new BatchNormPrimitives(bn, node.shape(), images, type, format, By.RUNNING);
        closing.add(made::close);
        Tensor y = allocate(node);
        steps.add(made.bind(
                x, weight(bn, "weight"), weight(bn, "bias"), weight(bn, "running_mean"), weight(bn, "running_var"), y));
        return y;
    }

    private Tensor subsample(Node node, Subsample subsample, Tensor x) {
        Tensor y = allocate(node);
        Tensor pixels = natives.own(subsample.stride() == 2 ? Layout.everySecondPixel(x) : x.alias());
        steps.add(() -> Layout.copyChannels(y.zero_(), subsample.zerosBefore(), pixels, 0, subsample.in()));
        return y;
    }

    /** An input's memory where nobody needs it afterwards, otherwise a copy, made anew each time. */
    private Tensor overwritten(Node node, int input, List<Tensor> inputs) {
        int index = node.inputs().get(input);
        Tensor x = inputs.get(input);
        boolean once = node.inputs().indexOf(index) == node.inputs().lastIndexOf(index);
        if (once && lastUse[index] == node.index() && !(graph.nodes().get(index).operation() instanceof Input)) {
            return x;
        }
        Tensor copy = allocate(node);
        steps.add(() -> copy.copy_(x));
        return copy;
    }

    @Override
    public Tensor run(Tensor batch) {
        return Scope.within(() -> {
            values[0].copy_(format.view(batch));
            steps.forEach(Runnable::run);
            return values[values.length - 1].clone();
        });
    }

    @Override
    public void close() {
        closing.forEach(Runnable::run);
        natives.close();
    }
}
