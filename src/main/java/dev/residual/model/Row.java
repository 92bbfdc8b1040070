package dev.residual.model;

import dev.residual.tensor.Device;
import dev.residual.tensor.Scope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * One float32 number for each trained number of a network, all one after the other in one tensor, and a view of it for
 * each parameter: what is done to all of them alike, such as the optimizer's update, is one operation.
 */
public final class Row implements AutoCloseable {
    private final Tensor all;
    private final Tensor weights;
    private final Map<String, Tensor> views = new LinkedHashMap<>();

    /**
     * Zeros.
     *
     * @param parameters of a network, in the order of its layers; those that are not trained are left out
     */
    public Row(Iterable<Parameter> parameters, Device device) {
        List<Parameter> trained = new ArrayList<>();
        parameters.forEach(p -> {
            if (p.trained()) {
                trained.add(p);
            }
        });
        Map<Parameter, Long> places = new HashMap<>();
        long count = place(trained, places, 0, true);
        long countOfAll = place(trained, places, count, false);
        try (Scope scope = Scope.noGrad()) {
            all = scope.keep(device.move(torch.zeros(countOfAll)));
            weights = scope.keep(all.narrow(0, 0, count));
            for (Parameter p : trained) {
                views.put(
                        p.name(),
                        scope.keep(all.narrow(0, places.get(p), p.count()).view(p.shape())));
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

    /** All numbers; filters and matrices come first. */
    public Tensor all() {
        return all;
    }

    /** The filters' and matrices'. */
    public Tensor weights() {
        return weights;
    }

    /** By the parameters' names, in the order of the layers; of the parameters' shapes. */
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
