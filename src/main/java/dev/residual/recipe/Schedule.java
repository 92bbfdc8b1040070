package dev.residual.recipe;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.residual.ResidualException;
import java.util.List;

/**
 * The learning rate of each iteration. It may begin with a linear warm-up over {@link #warmup} iterations (Goyal et al.:
 * Accurate, Large Minibatch SGD, 2017); that of {@link OneCycle} is its rise to the peak.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Schedule.Steps.class, name = "steps"),
    @JsonSubTypes.Type(value = Schedule.Cosine.class, name = "cosine"),
    @JsonSubTypes.Type(value = Schedule.OneCycle.class, name = "one-cycle")
})
public sealed interface Schedule {
    /** The largest: the one that a warm-up leads to. */
    double learningRate();

    /** Iterations of the linear warm-up; 0 is none. */
    long warmup();

    /**
     * @param iteration minibatches trained on before this one
     * @param warmingUp whether a warm-up that waits for the training error is still on
     */
    double at(long iteration, boolean warmingUp);

    /** Whether it begins with a warm-up that ends when the training error is below 80 %. */
    default boolean warmsUp() {
        return false;
    }

    /** Whether the learning rate changes gradually there, so that changes are not reported. */
    boolean isGradual(long iteration);

    Schedule withLearningRate(double rate);

    Schedule withWarmup(long iterations);

    /**
     * The same for a longer or shorter run: what has passed stays, what is still to come moves in proportion.
     *
     * @param before iterations that it was made for
     * @param after iterations that the run has now
     * @param done iterations that have passed
     */
    Schedule stretched(long before, long after, long done);

    /**
     * A change of the learning rate.
     *
     * @param iteration minibatches trained on before it
     * @param rate the new one
     */
    record Change(long iteration, double rate) {}

    /** The sudden changes that come before an iteration, for charts. */
    default List<Change> changesBefore(long iteration) {
        return List.of();
    }

    private static void requireRate(double learningRate) {
        ResidualException.require(
                learningRate > 0 && learningRate < 1e6, "learning rate " + learningRate + ": expected more than 0");
    }

    private static void requireWarmup(long warmup) {
        ResidualException.require(warmup >= 0, "warmup " + warmup + ": expected 0 or more iterations");
    }

    private static void requireWithin(long warmup, long iterations) {
        requireWarmup(warmup);
        ResidualException.require(iterations >= 1, "iterations " + iterations + " of the schedule: expected 1 or more");
        ResidualException.require(
                warmup < iterations, "warmup " + warmup + ": expected fewer than the " + iterations + " iterations");
    }

    /** Goyal et al.'s "gradual warmup": 1/n of the learning rate, 2/n, … until it is whole at the n-th iteration. */
    private static double warmedUp(double rate, long iteration, long warmup) {
        return iteration < warmup ? rate * ((iteration + 1.0) / warmup) : rate; // the factor is exactly 1 at its end
    }

    private static long moved(long iteration, long before, long after, long done) {
        return iteration <= done
                ? iteration
                : Math.max(Math.max(1, done), Math.round((double) iteration * after / before));
    }

    /**
     * PyTorch's MultiStepLR: the learning rate is multiplied by {@code gamma} at each milestone.
     *
     * @param milestones iterations (from 0) before which it is multiplied; without any the learning rate is constant
     * @param warmupLearningRate learning rate until the training error is below 80 %, as the paper's ResNet-110 has it; 0
     *     is no such warm-up
     */
    record Steps(double learningRate, List<Long> milestones, double gamma, long warmup, double warmupLearningRate)
            implements Schedule {
        public Steps {
            milestones = List.copyOf(milestones);
            requireRate(learningRate);
            requireWarmup(warmup);
            ResidualException.require(gamma > 0 && gamma <= 1, "gamma " + gamma + ": expected more than 0, at most 1");
            ResidualException.require(
                    warmupLearningRate >= 0 && warmupLearningRate < 1e6,
                    "warm-up learning rate " + warmupLearningRate + ": expected 0 or more");
            ResidualException.require(
                    warmup == 0 || warmupLearningRate == 0,
                    "warmup " + warmup + " and a warm-up learning rate of " + warmupLearningRate
                            + ": expected one of the two, the other 0");
            for (int i = 0; i < milestones.size(); i++) {
                ResidualException.require(
                        milestones.get(i) >= 1 && (i == 0 || milestones.get(i) >= milestones.get(i - 1)),
                        "milestones " + milestones + ": expected iterations in ascending order");
            }
        }

        @Override
        public double at(long iteration, boolean warmingUp) {
            if (warmingUp) {
                return warmupLearningRate;
            }
            double rate = learningRate;
            for (long milestone : milestones) {
                rate *= iteration >= milestone ? gamma : 1;
            }
            return warmedUp(rate, iteration, warmup);
        }

        @Override
        public boolean warmsUp() {
            return warmupLearningRate > 0;
        }

        @Override
        public boolean isGradual(long iteration) {
            return iteration < warmup;
        }

        @Override
        public Steps withLearningRate(double rate) {
            return new Steps(rate, milestones, gamma, warmup, warmupLearningRate * (rate / learningRate));
        }

        public Steps withMilestones(List<Long> iterations) {
            return new Steps(learningRate, iterations, gamma, warmup, warmupLearningRate);
        }

        public Steps withGamma(double factor) {
            return new Steps(learningRate, milestones, factor, warmup, warmupLearningRate);
        }

        /** Instead of the one that waits for the training error, where there is one. */
        @Override
        public Steps withWarmup(long iterations) {
            return new Steps(learningRate, milestones, gamma, iterations, iterations == 0 ? warmupLearningRate : 0);
        }

        public Steps withWarmupLearningRate(double rate) {
            return new Steps(learningRate, milestones, gamma, warmup, rate);
        }

        @Override
        public Steps stretched(long before, long after, long done) {
            List<Long> later =
                    milestones.stream().map(m -> moved(m, before, after, done)).toList();
            return new Steps(learningRate, later, gamma, moved(warmup, before, after, done), warmupLearningRate);
        }

        @Override
        public List<Change> changesBefore(long iteration) {
            return milestones.stream()
                    .filter(m -> m < iteration)
                    .map(m -> new Change(m, at(m, false)))
                    .toList();
        }
    }

    /**
     * Half a cosine down to 0, without restarts (Loshchilov, Hutter: SGDR, 2017): after the warm-up PyTorch's
     * CosineAnnealingLR over the iterations that are left.
     *
     * @param iterations of the whole run; after these the learning rate stays that of the last of them
     */
    record Cosine(double learningRate, long iterations, long warmup) implements Schedule {
        public Cosine {
            requireRate(learningRate);
            requireWithin(warmup, iterations);
        }

        @Override
        public double at(long iteration, boolean warmingUp) {
            if (iteration < warmup) {
                return warmedUp(learningRate, iteration, warmup);
            }
            long step = Math.min(iteration, iterations - 1) - warmup;
            return learningRate * (1 + StrictMath.cos(Math.PI * step / (iterations - warmup))) / 2;
        }

        @Override
        public boolean isGradual(long iteration) {
            return true;
        }

        @Override
        public Cosine withLearningRate(double rate) {
            return new Cosine(rate, iterations, warmup);
        }

        @Override
        public Cosine withWarmup(long steps) {
            return new Cosine(learningRate, iterations, steps);
        }

        @Override
        public Cosine stretched(long before, long after, long done) {
            return new Cosine(learningRate, after, Math.min(after - 1, moved(warmup, before, after, done)));
        }
    }

    /**
     * The 1cycle policy (Smith, Topin: Super-Convergence, 2018), also called triangular: PyTorch's OneCycleLR with
     * {@code anneal_strategy='linear', cycle_momentum=False}, from 1/25 of the learning rate up in a line over the warm-up,
     * and down in a line to nearly nothing.
     *
     * @param learningRate at the peak
     * @param iterations of the whole run; after these the learning rate stays that of the last of them
     * @param warmup iterations up to the peak, that of the peak included
     */
    record OneCycle(double learningRate, long iterations, long warmup) implements Schedule {
        /** PyTorch's {@code pct_start}: the part of the iterations that leads up to the peak. */
        public static final double RISE = 0.3;

        private static final double FIRST = 1 / 25.0; // of the peak, PyTorch's div_factor
        private static final double LAST = FIRST / 1e4; // PyTorch's final_div_factor

        public OneCycle {
            requireRate(learningRate);
            requireWithin(warmup, iterations);
        }

        @Override
        public double at(long iteration, boolean warmingUp) {
            long peak = Math.max(0, warmup - 1);
            if (iteration < peak) {
                return between(FIRST, 1, (double) iteration / peak);
            }
            long fall = Math.max(1, iterations - 1 - peak);
            return between(1, LAST, (double) Math.min(iteration - peak, fall) / fall);
        }

        private double between(double from, double to, double part) {
            return learningRate * (from + (to - from) * part);
        }

        @Override
        public boolean isGradual(long iteration) {
            return true;
        }

        @Override
        public OneCycle withLearningRate(double rate) {
            return new OneCycle(rate, iterations, warmup);
        }

        @Override
        public OneCycle withWarmup(long steps) {
            return new OneCycle(learningRate, iterations, steps);
        }

        @Override
        public OneCycle stretched(long before, long after, long done) {
            return new OneCycle(learningRate, after, Math.min(after - 1, moved(warmup, before, after, done)));
        }
    }
}
