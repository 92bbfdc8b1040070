package dev.residual.train;

import java.util.ArrayList;
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

    /** The drops that come before the last iteration. */
    public List<Long> dropsBefore(long lastIteration) {
        List<Long> drops = new ArrayList<>(recipe.drops());
        drops.removeIf(d -> d >= lastIteration);
        return drops;
    }
}
