package dev.residual.train;

import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.graph.Graph;
import dev.residual.model.Model;
import dev.residual.model.Model.Card;
import dev.residual.nn.FlatParameters;
import dev.residual.nn.Weights;
import dev.residual.recipe.Recipe;
import dev.residual.run.Checkpoint;
import dev.residual.run.Progress;
import dev.residual.tensor.Device;
import dev.residual.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** All that training changes: the weights, what the optimizer keeps, and the weights' average where there is one. */
public final class TrainingState implements AutoCloseable {
    /** Of the weights in a checkpoint whose model is their average. */
    private static final String WEIGHTS = "weights/";

    private final Weights weights;
    private final OptimizerState optimizer;
    private final Optional<WeightAverage> average;
    private final double clipGradNorm;

    /** @param average of a parameter, to begin with */
    private TrainingState(Recipe recipe, Graph graph, Weights weights, Function<String, float[]> average) {
        this.weights = weights;
        double decay = recipe.regularization().ema();
        this.average = decay == 0 ? Optional.empty() : Optional.of(new WeightAverage(graph, average, weights, decay));
        optimizer = OptimizerState.of(recipe.optimizer(), weights);
        clipGradNorm = recipe.regularization().clipGradNorm();
    }

    /** @param weights to begin with; closed with this */
    public static TrainingState of(Recipe recipe, Graph graph, Weights weights) {
        return new TrainingState(recipe, graph, weights, weights::floats);
    }

    /** @param checkpoint of the same recipe and graph */
    static TrainingState of(Recipe recipe, Graph graph, Checkpoint checkpoint, Device device) {
        boolean averages = recipe.regularization().averages();
        Weights weights = new Weights(
                graph,
                p -> averages
                        ? checkpoint.optimizer().get(WEIGHTS + p.name()).floats()
                        : checkpoint.model().floats(p.name()),
                device);
        TrainingState state = new TrainingState(recipe, graph, weights, checkpoint.model()::floats);
        state.optimizer
                .tensors()
                .forEach((name, kept) ->
                        Tensors.set(kept, checkpoint.optimizer().get(name).floats()));
        return state;
    }

    /** The names of what a checkpoint has besides its model. */
    static Set<String> names(Recipe recipe, Graph graph) {
        Set<String> names = OptimizerState.names(recipe.optimizer(), graph);
        if (recipe.regularization().averages()) {
            graph.parameters().forEach(p -> names.add(WEIGHTS + p.name()));
        }
        return names;
    }

    /** How many values that is for each parameter. */
    static int valuesPerParameter(Recipe recipe) {
        return OptimizerState.valuesPerParameter(recipe.optimizer())
                + (recipe.regularization().averages() ? 1 : 0);
    }

    /** The weights that are trained. */
    public Weights weights() {
        return weights;
    }

    /** The weights that are evaluated and saved: the average, where there is one. */
    Weights shown() {
        return average.map(WeightAverage::average).orElse(weights);
    }

    /**
     * Changes each parameter by its gradient.
     *
     * @param gradients may be overwritten
     * @param iteration steps taken before this one
     */
    void step(FlatParameters gradients, double learningRate, long iteration) {
        if (clipGradNorm > 0) {
            GradientClipping.clip(gradients.all(), clipGradNorm);
        }
        optimizer.step(gradients, learningRate, iteration);
        average.ifPresent(a -> a.update(iteration));
    }

    /** Takes a copy of everything as it is now. */
    Checkpoint checkpoint(Progress progress, Card card) {
        Map<String, NamedTensor> state = new LinkedHashMap<>();
        optimizer.tensors().forEach((name, t) -> state.put(name, copy(t)));
        if (average.isPresent()) {
            weights.tensors().forEach((p, t) -> state.put(WEIGHTS + p.name(), copy(t)));
        }
        return new Checkpoint(progress, Model.of(card, shown()), state);
    }

    private static NamedTensor copy(Tensor tensor) {
        return NamedTensor.of(Tensors.floats(tensor), tensor.shape());
    }

    @Override
    public void close() {
        average.ifPresent(WeightAverage::close);
        optimizer.close();
        weights.close();
    }
}
