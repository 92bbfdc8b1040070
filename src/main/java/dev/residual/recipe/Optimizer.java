package dev.residual.recipe;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.residual.ResidualException;
import java.util.Locale;

/** How gradients update the weights. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Optimizer.Sgd.class, name = "sgd"),
    @JsonSubTypes.Type(value = Optimizer.Adam.class, name = "adam"),
    @JsonSubTypes.Type(value = Optimizer.AdamW.class, name = "adamw")
})
public sealed interface Optimizer {
    Decay decay();

    /** The name on the command line. */
    String name();

    /** The learning rate to begin with where nothing else is said. */
    double defaultLearningRate();

    /**
     * Weight decay (L2): the weights, times a factor, are added to their gradients.
     *
     * @param factor of the squared norm's gradient
     * @param on what it applies to
     */
    record Decay(double factor, On on) {
        /** The parameters that weight decay applies to. */
        public enum On {
            /** Every parameter, BN's scale and shift too: what Caffe (the paper's) and PyTorch's SGD do by default. */
            ALL,
            /** Filters and the last layer's matrix only; neither BN's parameters nor biases. */
            WEIGHTS;

            @Override
            public String toString() {
                return name().toLowerCase(Locale.ROOT);
            }
        }

        public Decay {
            ResidualException.require(
                    factor >= 0 && factor < 1, "weight decay " + factor + ": expected from 0 to below 1");
        }
    }

    /**
     * Stochastic gradient descent with momentum.
     *
     * @param nesterov whether the step looks ahead along the momentum (Nesterov; as Sutskever et al. 2013 write it, and
     *     PyTorch computes it)
     */
    record Sgd(double momentum, boolean nesterov, Decay decay) implements Optimizer {
        public Sgd {
            ResidualException.require(
                    momentum >= 0 && momentum < 1, "momentum " + momentum + ": expected from 0 to below 1");
            ResidualException.require(
                    !nesterov || momentum > 0, "nesterov with momentum " + momentum + ": expected a momentum above 0");
        }

        @Override
        public String name() {
            return "sgd";
        }

        @Override
        public double defaultLearningRate() {
            return 0.1; // the paper's
        }
    }

    /** Adam (Kingma, Ba: Adam, 2014), with PyTorch's constants; weight decay is L2, as above. */
    record Adam(Decay decay) implements Optimizer {
        @Override
        public String name() {
            return "adam";
        }

        @Override
        public double defaultLearningRate() {
            return 1e-3; // PyTorch's, and what the article began with
        }
    }

    /**
     * Adam with decoupled weight decay (Loshchilov, Hutter: Decoupled Weight Decay Regularization, 2019): the weights
     * themselves shrink by the learning rate times the factor, and Adam's averages never see it.
     */
    record AdamW(Decay decay) implements Optimizer {
        /** PyTorch's; that of SGD would do next to nothing at Adam's learning rate. */
        public static final double DEFAULT_DECAY = 1e-2;

        @Override
        public String name() {
            return "adamw";
        }

        @Override
        public double defaultLearningRate() {
            return 1e-3; // PyTorch's
        }
    }
}
