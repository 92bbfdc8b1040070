package dev.residual.train;

import dev.residual.graph.Graph;
import dev.residual.graph.Parameter;
import dev.residual.nn.FlatParameters;
import dev.residual.nn.Weights;
import dev.residual.recipe.Optimizer;
import dev.residual.recipe.Optimizer.AdamW;
import dev.residual.recipe.Optimizer.Decay;
import dev.residual.recipe.Optimizer.Sgd;
import dev.residual.tensor.Scope;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** An optimizer at work: changes a network's parameters against their gradients, and keeps what it needs between steps. */
public abstract sealed class OptimizerState implements AutoCloseable {
    // What is kept of each parameter: SGD's momentum, or Adam's two running averages.
    private static final String MOMENTUM = "momentum/";
    private static final String MEAN = "mean/";
    private static final String SQUARE = "square/";

    private final Weights weights;
    private final Decay decay;
    private final boolean decoupled;
    private final Map<String, FlatParameters> kept = new LinkedHashMap<>();

    private OptimizerState(Weights weights, Optimizer optimizer) {
        this.weights = weights;
        decay = optimizer.decay();
        decoupled = optimizer instanceof AdamW;
        kinds(optimizer).forEach(kind -> kept.put(kind, weights.zeros()));
    }

    public static OptimizerState of(Optimizer optimizer, Weights weights) {
        return optimizer instanceof Sgd sgd ? new Momentum(sgd, weights) : new Moments(optimizer, weights);
    }

    private static List<String> kinds(Optimizer optimizer) {
        return optimizer instanceof Sgd ? List.of(MOMENTUM) : List.of(MEAN, SQUARE);
    }

    /** How many values it keeps for each trained one. */
    static int valuesPerParameter(Optimizer optimizer) {
        return kinds(optimizer).size();
    }

    /** The names of all that it keeps for this network. */
    static Set<String> names(Optimizer optimizer, Graph graph) {
        Set<String> names = new LinkedHashSet<>();
        for (Parameter p : Weights.trained(graph)) {
            kinds(optimizer).forEach(kind -> names.add(kind + p.name()));
        }
        return names;
    }

    /** What is kept between steps, such as {@code momentum/conv1.weight}; part of a checkpoint. */
    public Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        kept.forEach((kind, flat) -> flat.views().forEach((parameter, view) -> tensors.put(kind + parameter, view)));
        return tensors;
    }

    /**
     * Changes each parameter by its gradient.
     *
     * @param gradients may be overwritten
     * @param iteration steps taken before this one
     */
    public void step(FlatParameters gradients, double learningRate, long iteration) {
        try (Scope scope = Scope.inference()) {
            if (decay.factor() > 0 && decoupled) {
                decayed(weights.trained()).mul_(new Scalar(1 - learningRate * decay.factor()));
            } else if (decay.factor() > 0) {
                decayed(gradients).add_(decayed(weights.trained()), new Scalar(decay.factor()));
            }
            update(weights.trained().all(), gradients.all(), learningRate, iteration);
        }
    }

    private Tensor decayed(FlatParameters flat) {
        return decay.on() == Decay.On.ALL ? flat.all() : flat.weights();
    }

    /** One operation updates all parameters of the network. */
    abstract void update(Tensor parameters, Tensor gradient, double learningRate, long iteration);

    Tensor kept(String kind) {
        return kept.get(kind).all();
    }

    @Override
    public void close() {
        kept.values().forEach(FlatParameters::close);
        kept.clear();
    }

    /**
     * SGD as PyTorch defines it: v ← m·v + g, p ← p − rate·v, or by Nesterov p ← p − rate·(g + m·v). The rate is not part
     * of v, so that a change of it acts at once.
     */
    private static final class Momentum extends OptimizerState {
        private final double momentum;
        private final boolean nesterov;

        Momentum(Sgd sgd, Weights weights) {
            super(weights, sgd);
            momentum = sgd.momentum();
            nesterov = sgd.nesterov();
        }

        @Override
        void update(Tensor parameters, Tensor gradient, double learningRate, long iteration) {
            Tensor v = kept(MOMENTUM);
            v.mul_(new Scalar(momentum)).add_(gradient);
            Tensor step = nesterov ? gradient.add_(v, new Scalar(momentum)) : v;
            parameters.add_(step, new Scalar(-learningRate));
        }
    }

    /** Adam (algorithm 1 of its paper) and AdamW, with PyTorch's constants and its order of operations. */
    private static final class Moments extends OptimizerState {
        private static final double BETA1 = 0.9;
        private static final double BETA2 = 0.999;
        private static final double EPSILON = 1e-8;

        Moments(Optimizer adam, Weights weights) {
            super(weights, adam);
        }

        @Override
        void update(Tensor parameters, Tensor gradient, double learningRate, long iteration) {
            Tensor mean = kept(MEAN);
            Tensor square = kept(SQUARE);
            mean.lerp_(gradient, new Scalar(1 - BETA1));
            square.mul_(new Scalar(BETA2)).addcmul_(gradient, gradient, new Scalar(1 - BETA2));
            double correction1 = 1 - Math.pow(BETA1, iteration + 1);
            double correction2 = 1 - Math.pow(BETA2, iteration + 1);
            Tensor deviation =
                    square.sqrt().div_(new Scalar(Math.sqrt(correction2))).add_(new Scalar(EPSILON));
            parameters.addcdiv_(mean, deviation, new Scalar(-learningRate / correction1));
        }
    }
}
