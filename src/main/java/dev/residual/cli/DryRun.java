package dev.residual.cli;

import dev.residual.data.Batches;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Recipe;
import dev.residual.recipe.RecipeChanges;
import java.util.Locale;
import java.util.Map;

/**
 * What a run would be, for people.
 *
 * @param images trained on
 */
record DryRun(Architecture architecture, String dataset, Recipe recipe, int images) {
    /** @param place where the run would be written, and what would be done before */
    void print(Console console, long seed, String place) {
        int epoch = Batches.perEpoch(images, recipe.images().batchSize());
        long iterations = recipe.length().last(epoch);
        console.line(architecture.name() + " on " + dataset + ", " + RecipeChanges.title(recipe, architecture));
        console.line(String.format(
                Locale.ROOT,
                "%,d training images, %,d iterations (%.1f epochs), seed %d",
                images,
                iterations,
                (double) iterations / epoch,
                seed));
        console.line("into " + place);
        Map<String, String> named = RecipeChanges.fields(RecipeChanges.implied(recipe, architecture));
        RecipeChanges.fields(recipe).forEach((option, value) -> {
            String before = named.get(option);
            String change = value.equals(before) || before == null ? "" : "   instead of " + before;
            console.line(String.format(Locale.ROOT, "  %-22s %s%s", option, value, change));
        });
    }
}
