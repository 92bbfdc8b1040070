package dev.residual.model;

import dev.residual.tensor.Device;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Script;
import dev.residual.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/**
 * The numbers of a network, by name: its trained parameters and BN's running statistics, as float32 tensors that live
 * until this is closed.
 */
public final class State implements AutoCloseable {
    private final Row trained;
    private final Map<Parameter, Tensor> tensors = new LinkedHashMap<>();
    private final Device device;
    private final Map<String, Tensor> byName = new LinkedHashMap<>();
    private final Map<String, Script> scripts = new ConcurrentHashMap<>();

    /**
     * @param parameters what there is to hold, from {@link ResNet#parameters}
     * @param values gives the numbers of each, in row-major order
     */
    public State(List<Parameter> parameters, Function<Parameter, float[]> values, Device device) {
        this.device = device;
        trained = new Row(parameters, device);
        for (Parameter p : parameters) {
            try (Scope scope = Scope.noGrad()) {
                Tensor numbers = device.move(Tensors.of(values.apply(p), p.shape()));
                Tensor tensor = p.trained() ? trained.views().get(p.name()).copy_(numbers) : scope.keep(numbers);
                tensors.put(p, tensor);
                byName.put(p.name(), tensor);
            }
        }
    }

    /** The trained numbers. */
    public Row trained() {
        return trained;
    }

    /** As many zeros as there are trained numbers; the caller closes it. */
    public Row newRow() {
        return new Row(tensors.keySet(), device);
    }

    public Tensor get(String name) {
        Tensor tensor = byName.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("the network has no numbers named " + name);
        }
        return tensor;
    }

    /** For numbers that no longer change: the script that is written with them at the first call, and lives as long. */
    Script script(String kind, Function<State, Script> writing) {
        return scripts.computeIfAbsent(kind, k -> writing.apply(this));
    }

    Parameter parameter(String name) {
        return tensors.keySet().stream()
                .filter(p -> p.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    Device device() {
        return device;
    }

    /** Everything, in the order of the layers. */
    public Map<Parameter, Tensor> tensors() {
        return tensors;
    }

    @Override
    public void close() {
        scripts.values().forEach(Script::close);
        scripts.clear();
        tensors.forEach((p, tensor) -> {
            if (!p.trained()) {
                tensor.close();
            }
        });
        trained.close();
        tensors.clear();
        byName.clear();
    }
}
