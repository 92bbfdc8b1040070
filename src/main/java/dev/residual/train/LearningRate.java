package dev.residual.train;

import java.util.List;

/** The learning rate of each iteration. */
public final class LearningRate {
    private final Recipe recipe;

    public LearningRate(Recipe recipe) {
        this.recipe = recipe;
    }

    /**
     * @param iteration minibatches trained on before this one
     * @param warmingUp whether the warm-up is still on
     */
    public double at(long iteration, boolean warmingUp) {
        if (warmingUp) {
            return recipe.warmupLearningRate();
        }
        double rate = recipe.learningRate();
        for (long drop : recipe.drops()) {
            rate *= iteration >= drop ? recipe.dropFactor() : 1;
        }
        return rate;
    }

    /**
     * A fall of the learning rate.
     *
     * @param iteration minibatches trained on before it
     * @param rate the new one
     */
    public record Drop(long iteration, double rate) {}

    /** The drops that come before the last iteration. */
    public List<Drop> dropsBefore(long lastIteration) {
        return recipe.drops().stream()
                .filter(d -> d < lastIteration)
                .map(d -> new Drop(d, at(d, false)))
                .toList();
    }
}
