package dev.residual.backend;

import dev.residual.backend.Pass.Statistics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** One kernel's part in a pass, for a kernel that is alone. Side tasks are done at once. */
final class TestPass implements Pass {
    private final Map<String, Tensor> parameters = new HashMap<>();
    private final Map<String, Tensor> gradients = new HashMap<>();
    private final boolean overwrites;
    private List<Tensor> saved = List.of();
    private Optional<UnaryOperator<double[]>> sums = Optional.empty();

    /** @param overwrites whether inputs and gradients may be overwritten */
    TestPass(boolean overwrites) {
        this.overwrites = overwrites;
    }

    /** Gives it a parameter, and room for its gradient. */
    TestPass with(String part, Tensor value) {
        parameters.put(part, value);
        gradients.put(part, value.clone().zero_());
        return this;
    }

    @Override
    public Statistics statistics() {
        return Statistics.BATCH_AND_UPDATE;
    }

    @Override
    public Optional<UnaryOperator<double[]>> sums() {
        return sums;
    }

    /** As the only one of all processes. */
    TestPass alone() {
        sums = Optional.of(UnaryOperator.identity());
        return this;
    }

    @Override
    public Tensor parameter(String part) {
        return parameters.get(part);
    }

    @Override
    public Tensor gradient(String part) {
        return gradients.get(part);
    }

    @Override
    public boolean mayOverwrite(int input) {
        return overwrites;
    }

    @Override
    public boolean ownsGradient() {
        return overwrites;
    }

    @Override
    public boolean wantsInputGradient() {
        return true;
    }

    @Override
    public void save(Tensor... tensors) {
        saved = List.of(tensors);
    }

    @Override
    public List<Tensor> saved() {
        return saved;
    }

    @Override
    public void later(Consumer<List<Tensor>> computation, Tensor... needed) {
        computation.accept(List.of(needed));
    }
}
