package dev.residual.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.residual.Json;
import java.util.List;

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
            optimizer.put("nesterov", false);
        }
        ObjectNode decay = optimizer.putObject("decay");
        decay.set("factor", flat.path("weightDecay"));
        decay.set("on", flat.path("decayed"));
        ObjectNode schedule = recipe.putObject("schedule");
        schedule.put("type", "steps");
        schedule.set("learningRate", flat.path("learningRate"));
        schedule.set("milestones", flat.path("drops"));
        schedule.set("gamma", flat.path("dropFactor"));
        schedule.put("warmup", 0);
        schedule.set("warmupLearningRate", flat.path("warmupLearningRate"));
        ObjectNode regularization = recipe.putObject("regularization");
        List.of("labelSmoothing", "clipGradNorm", "ema").forEach(key -> regularization.put(key, 0.0));
        ObjectNode length = recipe.putObject("length");
        length.set("iterations", flat.path("iterations"));
        length.set("wholeEpochs", flat.path("wholeEpochs"));
        length.set("maxEpochs", flat.path("maxEpochs"));
        length.put("patience", 0);
        ObjectNode images = recipe.putObject("images");
        images.set("batchSize", flat.path("batchSize"));
        images.set("shuffle", flat.path("shuffle"));
        ObjectNode augmentation = images.putObject("augmentation");
        augmentation.set("kind", flat.path("augmentation"));
        augmentation.put("cutout", 0);
        augmentation.put("mixup", 0.0);
        images.set("normalization", flat.path("normalization"));
        images.put("classWeights", "none");
        ObjectNode evaluations = recipe.putObject("evaluations");
        evaluations.set("training", flat.path("evaluateTraining"));
        evaluations.set("evalMode", flat.path("evalMode"));
        return recipe;
    }
}
