package dev.residual.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.residual.Json;

/** Recipes as versions up to 0.1.0 wrote them, one flat object. */
public final class RecipeMigration {
    private RecipeMigration() {}

    /** @return the same recipe as it is written now */
    public static ObjectNode fromFlat(JsonNode flat) {
        ObjectNode recipe = Json.object();
        recipe.set("name", flat.path("name"));
        ObjectNode optimizer = recipe.putObject("optimizer");
        optimizer.set("type", flat.path("optimizer"));
        if (flat.path("optimizer").asText().equals("sgd")) {
            optimizer.set("momentum", flat.path("momentum"));
        }
        ObjectNode decay = optimizer.putObject("decay");
        decay.set("factor", flat.path("weightDecay"));
        decay.set("on", flat.path("decayed"));
        ObjectNode schedule = recipe.putObject("schedule");
        schedule.put("type", "steps");
        schedule.set("learningRate", flat.path("learningRate"));
        schedule.set("milestones", flat.path("drops"));
        schedule.set("gamma", flat.path("dropFactor"));
        schedule.set("warmup", flat.path("warmupLearningRate"));
        ObjectNode length = recipe.putObject("length");
        length.set("iterations", flat.path("iterations"));
        length.set("wholeEpochs", flat.path("wholeEpochs"));
        length.set("maxEpochs", flat.path("maxEpochs"));
        ObjectNode images = recipe.putObject("images");
        images.set("batchSize", flat.path("batchSize"));
        images.set("shuffle", flat.path("shuffle"));
        images.set("augmentation", flat.path("augmentation"));
        images.set("normalization", flat.path("normalization"));
        ObjectNode evaluations = recipe.putObject("evaluations");
        evaluations.set("training", flat.path("evaluateTraining"));
        evaluations.set("evalMode", flat.path("evalMode"));
        return recipe;
    }
}
