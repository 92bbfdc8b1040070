package dev.residual.train;

import dev.residual.model.Gradients;
import dev.residual.model.Parameter;
import dev.residual.model.ResNet;
import dev.residual.model.Row;
import dev.residual.model.State;
import dev.residual.tensor.Scope;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Changes a network's trained numbers against their gradients, and keeps what it must remember between steps: as many
 * numbers for each as it needs.
 */
public abstract sealed class Optimizer implements AutoCloseable {
    // What is remembered of each number: SGD's momentum, or Adam's two running averages.
    private static final String MOMENTUM = "momentum/";
    private static final String MEAN = "mean/";
    private static final String SQUARE = "square/";

    private final State state;
    private final Recipe recipe;
    private final Map<String, Row> rows = new LinkedHashMap<>();

    private Optimizer(State state, Recipe recipe) {
        this.state = state;
        this.recipe = recipe;
        memoryNames(recipe).forEach(name -> rows.put(name, state.newRow()));
    }

    /** The names of all that an optimizer of this recipe remembers of this network. */
    static Set<String> memoryNames(Recipe recipe, ResNet network) {
        Set<String> names = new LinkedHashSet<>();
        network.parameters().stream()
                .filter(Parameter::trained)
                .forEach(p -> memoryNames(recipe).forEach(name -> names.add(name + p.name())));
        return names;
    }

    private static List<String> memoryNames(Recipe recipe) {
        return switch (recipe.optimizer()) {
            case SGD -> List.of(MOMENTUM);
            case ADAM -> List.of(MEAN, SQUARE);
        };
    }

    /** How many numbers an optimizer of this recipe remembers for each trained one. */
    static int memories(Recipe recipe) {
        return memoryNames(recipe).size();
    }

    public static Optimizer of(Recipe recipe, State state) {
        return switch (recipe.optimizer()) {
            case SGD -> new Sgd(state, recipe);
            case ADAM -> new Adam(state, recipe);
        };
    }

    /** What is remembered between steps, such as {@code momentum/conv1.weight}; part of a checkpoint. */
    public Map<String, Tensor> memory() {
        Map<String, Tensor> memory = new LinkedHashMap<>();
        rows.forEach((name, row) -> row.views().forEach((parameter, view) -> memory.put(name + parameter, view)));
        return memory;
    }

    Tensor memory(String name) {
        return rows.get(name).all();
    }

    /**
     * Changes each parameter by its gradient.
     *
     * @param gradients may be overwritten
     * @param rate the learning rate
     * @param iteration steps taken before this one
     */
    public void step(Gradients gradients, double rate, long iteration) {
        try (Scope scope = Scope.inference()) {
            boolean all = recipe.decayed() == Recipe.Decayed.ALL;
            if (recipe.weightDecay() > 0) {
                decayed(gradients.row(), all).add_(decayed(state.trained(), all), new Scalar(recipe.weightDecay()));
            }
            update(state.trained().all(), gradients.row().all(), rate, iteration);
        }
    }

    private static Tensor decayed(Row row, boolean all) {
        return all ? row.all() : row.weights();
    }

    /** One operation does all numbers of the network. */
    abstract void update(Tensor parameters, Tensor gradient, double rate, long iteration);

    @Override
    public void close() {
        rows.values().forEach(Row::close);
        rows.clear();
    }

    /**
     * SGD as PyTorch defines it: v ← m·v + g, p ← p − rate·v. The rate is not part of v, so that a drop of the rate acts
     * at once.
     */
    private static final class Sgd extends Optimizer {
        private final double momentum;

        Sgd(State state, Recipe recipe) {
            super(state, recipe);
            momentum = recipe.momentum();
        }

        @Override
        void update(Tensor parameters, Tensor gradient, double rate, long iteration) {
            Tensor v = memory(MOMENTUM);
            v.mul_(new Scalar(momentum)).add_(gradient);
            parameters.add_(v, new Scalar(-rate));
        }
    }

    /** Adam (Kingma, Ba: Adam, 2014, algorithm 1), with PyTorch's constants and its order of operations. */
    private static final class Adam extends Optimizer {
        private static final double BETA1 = 0.9;
        private static final double BETA2 = 0.999;
        private static final double EPSILON = 1e-8;

        Adam(State state, Recipe recipe) {
            super(state, recipe);
        }

        @Override
        void update(Tensor parameters, Tensor gradient, double rate, long iteration) {
            Tensor mean = memory(MEAN);
            Tensor square = memory(SQUARE);
            mean.lerp_(gradient, new Scalar(1 - BETA1));
            square.mul_(new Scalar(BETA2)).addcmul_(gradient, gradient, new Scalar(1 - BETA2));
            double correction1 = 1 - Math.pow(BETA1, iteration + 1);
            double correction2 = 1 - Math.pow(BETA2, iteration + 1);
            Tensor deviation =
                    square.sqrt().div_(new Scalar(Math.sqrt(correction2))).add_(new Scalar(EPSILON));
            parameters.addcdiv_(mean, deviation, new Scalar(-rate / correction1));
        }
    }
}
