package dev.residual.recipe;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.residual.ResidualException;
import java.util.List;

/** The learning rate of each iteration. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes(@JsonSubTypes.Type(value = Schedule.Steps.class, name = "steps"))
public sealed interface Schedule {
    /** Of the first iteration after the warm-up. */
    double learningRate();

    /**
     * @param iteration minibatches trained on before this one
     * @param warmingUp whether a warm-up that waits for the training error is still on
     */
    double at(long iteration, boolean warmingUp);

    /** Whether it begins with a warm-up that ends when the training error is below 80 %. */
    boolean warmsUp();

    Schedule withLearningRate(double rate);

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
    List<Change> changesBefore(long iteration);

    /**
     * PyTorch's MultiStepLR: the learning rate is multiplied by {@code gamma} at each milestone.
     *
     * @param milestones iterations (from 0) before which it is multiplied
     * @param warmup learning rate until the training error is below 80 %; 0 is no warm-up
     */
    record Steps(double learningRate, List<Long> milestones, double gamma, double warmup) implements Schedule {
        public Steps {
            milestones = List.copyOf(milestones);
            ResidualException.require(
                    learningRate > 0 && learningRate < 1e6, "learning rate " + learningRate + ": expected more than 0");
            ResidualException.require(gamma > 0 && gamma <= 1, "gamma " + gamma + ": expected more than 0, at most 1");
            ResidualException.require(
                    warmup >= 0 && warmup < 1e6, "warm-up learning rate " + warmup + ": expected 0 or more");
            for (int i = 0; i < milestones.size(); i++) {
                ResidualException.require(
                        milestones.get(i) >= 1 && (i == 0 || milestones.get(i) >= milestones.get(i - 1)),
                        "milestones " + milestones + ": expected iterations in ascending order");
            }
        }

        @Override
        public double at(long iteration, boolean warmingUp) {
            if (warmingUp) {
                return warmup;
            }
            double rate = learningRate;
            for (long milestone : milestones) {
                rate *= iteration >= milestone ? gamma : 1;
            }
            return rate;
        }

        @Override
        public boolean warmsUp() {
            return warmup > 0;
        }

        @Override
        public Steps withLearningRate(double rate) {
            return new Steps(rate, milestones, gamma, warmup);
        }

        public Steps withMilestones(List<Long> iterations) {
            return new Steps(learningRate, iterations, gamma, warmup);
        }

        public Steps withGamma(double factor) {
            return new Steps(learningRate, milestones, factor, warmup);
        }

        public Steps withWarmup(double rate) {
            return new Steps(learningRate, milestones, gamma, rate);
        }

        @Override
        public Steps stretched(long before, long after, long done) {
            return withMilestones(milestones.stream()
                    .map(m -> m <= done ? m : Math.max(Math.max(1, done), Math.round((double) m * after / before)))
                    .toList());
        }

        @Override
        public List<Change> changesBefore(long iteration) {
            return milestones.stream()
                    .filter(m -> m < iteration)
                    .map(m -> new Change(m, at(m, false)))
                    .toList();
        }
    }
}
