package dev.residual.train;

import dev.residual.model.Gradients;
import dev.residual.model.Parameter;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.tensor.Scope;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Changes a network's trained numbers against their gradients, and keeps what it must remember between steps: as many
 * tensors for each parameter as it needs.
 */
public abstract sealed class Optimizer implements AutoCloseable {
    // What is remembered of each parameter: SGD's momentum, or Adam's two running averages.
    private static final String MOMENTUM = "momentum/";
    private static final String MEAN = "mean/";
    private static final String SQUARE = "square/";

    private final State state;
    private final Recipe recipe;

    /** By the name of the memory and of the parameter, such as {@code momentum/conv1.weight}. */
    private final Map<String, Tensor> memory = new LinkedHashMap<>();

    private Optimizer(State state, Recipe recipe) {
        this.state = state;
        this.recipe = recipe;
        state.tensors().forEach((p, tensor) -> {
            for (String name : memoryNames(recipe, p)) {
                try (Scope scope = Scope.noGrad()) {
                    memory.put(name, scope.keep(torch.zeros_like(tensor)));
                }
            }
        });
    }

    /** The names of all that an optimizer of this recipe remembers of this network. */
    static Set<String> memoryNames(Recipe recipe, ResNet network) {
        Set<String> names = new LinkedHashSet<>();
        network.parameters().forEach(p -> names.addAll(memoryNames(recipe, p)));
        return names;
    }

    private static List<String> memoryNames(Recipe recipe, Parameter p) {
        if (!p.trained()) {
            return List.of();
        }
        return switch (recipe.optimizer()) {
            case SGD -> List.of(MOMENTUM + p.name());
            case ADAM -> List.of(MEAN + p.name(), SQUARE + p.name());
        };
    }

    public static Optimizer of(Recipe recipe, State state) {
        return switch (recipe.optimizer()) {
            case SGD -> new Sgd(state, recipe);
            case ADAM -> new Adam(state, recipe);
        };
    }

    /** What is remembered between steps; part of a checkpoint. */
    public Map<String, Tensor> memory() {
        return memory;
    }

    /**
     * Changes each parameter by its gradient.
     *
     * @param gradients may be overwritten
     * @param rate the learning rate
     * @param iteration steps taken before this one
     */
    public void step(Gradients gradients, double rate, long iteration) {
        try (Scope scope = Scope.noGrad()) {
            Scalar decay = new Scalar(recipe.weightDecay());
            state.tensors().forEach((p, tensor) -> {
                if (p.trained()) {
                    Tensor gradient = gradients.get(p.name());
                    if (decays(p)) {
                        gradient.add_(tensor, decay);
                    }
                    update(p.name(), tensor, gradient, rate, iteration);
                }
            });
        }
    }

    private boolean decays(Parameter p) {
        return recipe.weightDecay() > 0
                && (recipe.decayed() == Recipe.Decayed.ALL || p.role() == Parameter.Role.WEIGHT);
    }

    abstract void update(String name, Tensor parameter, Tensor gradient, double rate, long iteration);

    @Override
    public void close() {
        memory.values().forEach(Tensor::close);
        memory.clear();
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
        void update(String name, Tensor parameter, Tensor gradient, double rate, long iteration) {
            Tensor v = memory().get(MOMENTUM + name);
            v.mul_(new Scalar(momentum)).add_(gradient);
            parameter.add_(v, new Scalar(-rate));
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
        void update(String name, Tensor parameter, Tensor gradient, double rate, long iteration) {
            Tensor mean = memory().get(MEAN + name);
            Tensor square = memory().get(SQUARE + name);
            mean.lerp_(gradient, new Scalar(1 - BETA1));
            square.mul_(new Scalar(BETA2)).addcmul_(gradient, gradient, new Scalar(1 - BETA2));
            double correction1 = 1 - Math.pow(BETA1, iteration + 1);
            double correction2 = 1 - Math.pow(BETA2, iteration + 1);
            Tensor deviation =
                    square.sqrt().div_(new Scalar(Math.sqrt(correction2))).add_(new Scalar(EPSILON));
            parameter.addcdiv_(mean, deviation, new Scalar(-rate / correction1));
        }
    }
}
