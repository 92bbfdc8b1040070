package dev.residual.nn;

import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import dev.residual.graph.Parameter;
import dev.residual.tensor.Device;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** A network's parameters and buffers (PyTorch's state dict) as float32 tensors on a device, which live until this is closed. */
public final class Weights implements AutoCloseable {
    private final List<Parameter> trainedParameters;
    private final FlatParameters trained;
    private final Map<Parameter, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, Tensor> byName = new LinkedHashMap<>();
    private final Device device;

    /** @param values gives those of each parameter and buffer of the graph, row-major */
    public Weights(Graph graph, Function<Parameter, float[]> values, Device device) {
        this.device = device;
        trainedParameters = trained(graph);
        trained = new FlatParameters(trainedParameters, device);
        for (Parameter p : graph.parameters()) {
            try (Scope scope = Scope.noGrad()) {
                Tensor given = device.move(Tensors.of(values.apply(p), p.sizes()));
                Tensor view = trained.views().get(p.name());
                Tensor tensor = view != null ? view.copy_(given) : scope.keep(given);
                tensors.put(p, tensor);
                byName.put(p.name(), tensor);
            }
        }
    }

    /**
     * The parameters that the optimizer changes, in the order of the layers. Layers that nothing is computed with get no
     * gradient, and so, as in PyTorch, neither weight decay nor momentum.
     */
    public static List<Parameter> trained(Graph graph) {
        BitSet live = graph.live();
        List<Parameter> trained = new ArrayList<>();
        for (Node node : graph.nodes()) {
            node.operation().parameters().stream()
                    .filter(p -> p.trained() && live.get(node.index()) && !graph.isFrozen(node))
                    .forEach(trained::add);
        }
        return trained;
    }

    /** The parameters, which the optimizer changes. */
    public FlatParameters trained() {
        return trained;
    }

    /** Zeros of the parameters' shapes, for gradients or an optimizer's state; the caller closes them. */
    public FlatParameters zeros() {
        return new FlatParameters(trainedParameters, device);
    }

    public Tensor get(String name) {
        Tensor tensor = byName.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("the network has no parameter or buffer named " + name);
        }
        return tensor;
    }

    /** A copy of a parameter's or buffer's values, row-major. */
    public float[] floats(String name) {
        return Tensors.floats(get(name));
    }

    public Device device() {
        return device;
    }

    /** Everything, in the order of the layers. */
    public Map<Parameter, Tensor> tensors() {
        return tensors;
    }

    @Override
    public void close() {
        tensors.forEach((p, tensor) -> {
            if (!trained.views().containsKey(p.name())) {
                tensor.close();
            }
        });
        trained.close();
        tensors.clear();
        byName.clear();
    }
}
