package dev.residual.nn;

import dev.residual.graph.Parameter;
import dev.residual.tensor.Device;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A network's trained parameters (or a value for each: gradients, momenta) as one flat float32 tensor, with a view per
 * parameter, so that an update is one operation.
 */
public final class FlatParameters implements AutoCloseable {
    private final Tensor all;
    private final Tensor weights;
    private final Map<String, Tensor> views = new LinkedHashMap<>();

    /**
     * Zeros.
     *
     * @param trained of a network, in the order of its layers
     */
    FlatParameters(List<Parameter> trained, Device device) {
        Map<Parameter, Long> places = new LinkedHashMap<>();
        long count = place(trained, places, 0, true);
        long countOfAll = place(trained, places, count, false);
        try (Scope scope = Scope.noGrad()) {
            all = scope.keep(
                    device.move(Tensors.empty(ScalarType.Float, countOfAll).zero_()));
            weights = scope.keep(all.narrow(0, 0, count));
            for (Parameter p : trained) {
                views.put(
                        p.name(),
                        scope.keep(all.narrow(0, places.get(p), p.count()).view(p.sizes())));
            }
        }
    }

    private static long place(List<Parameter> trained, Map<Parameter, Long> places, long from, boolean weights) {
        long next = from;
        for (Parameter p : trained) {
            if (weights == (p.role() == Parameter.Role.WEIGHT)) {
                places.put(p, next);
                next += p.count();
            }
        }
        return next;
    }

    /** All values; those of filters and matrices come first. */
    public Tensor all() {
        return all;
    }

    /** Those of filters and matrices. */
    public Tensor weights() {
        return weights;
    }

    /** Views of the parameters' shapes by their names, in the order of the layers. */
    public Map<String, Tensor> views() {
        return views;
    }

    @Override
    public void close() {
        views.values().forEach(Tensor::close);
        views.clear();
        weights.close();
        all.close();
    }
}
