package dev.residual.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.residual.Json;
import dev.residual.nn.ArchitectureMigration;
import dev.residual.recipe.RecipeMigration;
import java.util.Map;

/** Reads the model cards of versions up to 0.1.0, whose provenance was a map of texts. */
final class CardMigration {
    private CardMigration() {}

    static ObjectNode toFormat2(ObjectNode card) {
        card.set("architecture", ArchitectureMigration.toFormat2(card.get("architecture")));
        JsonNode old = card.remove("provenance");
        ObjectNode provenance = card.putObject("provenance");
        provenance.set("software", software(old));
        provenance.set("training", old.has("recipe") ? training(old) : null);
        provenance.set("imported", old.has("imported_file") ? imported(old) : null);
        provenance.putArray("startedFrom");
        if (old.has("from")) {
            provenance.withArray("startedFrom").add(old.get("from").asText());
        }
        return card;
    }

    private static ObjectNode software(JsonNode old) {
        ObjectNode software = Json.object();
        software.put("residual", old.path("residual").asText());
        software.put("libtorch", old.path("libtorch").asText());
        software.put("backend", "oneDNN " + old.path("onednn").asText());
        software.put("java", old.path("java").asText());
        software.put("os", old.path("os").asText());
        software.put("processor", old.path("processor").asText());
        return software;
    }

    private static ObjectNode training(JsonNode old) {
        ObjectNode training = Json.object();
        ObjectNode data = training.putObject("data");
        data.put("dataset", old.path("dataset").asText());
        data.put("images", old.path("images").asInt());
        data.put("validation", old.path("validation").asInt());
        data.putNull("testFraction");
        ObjectNode sums = data.putObject("sha256");
        for (Map.Entry<String, JsonNode> field : old.properties()) {
            if (field.getKey().startsWith("sha256 ")) {
                sums.set(field.getKey().substring("sha256 ".length()), field.getValue());
            }
        }
        training.set(
                "recipe", RecipeMigration.fromFlat(Json.tree(old.get("recipe").asText(), "recipe")));
        training.put("seed", old.path("seed").asLong(1));
        training.put("threads", old.path("threads").asInt(1));
        training.put("precision", old.path("precision").asText("fp32"));
        training.put("iteration", old.path("iteration").asLong());
        training.put("batchesTracked", old.path("iteration").asLong());
        if (old.has("test accuracy")) {
            training.put(
                    "testAccuracy",
                    Double.parseDouble(old.get("test accuracy").asText().replace(" %", "")));
        } else {
            training.putNull("testAccuracy");
        }
        return training;
    }

    private static ObjectNode imported(JsonNode old) {
        ObjectNode imported = Json.object();
        imported.set("file", old.get("imported_file"));
        imported.set("sha256", old.get("imported_sha256"));
        imported.set("layout", old.get("imported_layout"));
        imported.put("key", "");
        imported.set("matchedBy", old.get("imported_by"));
        return imported;
    }
}
