package dev.residual.nn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.residual.Json;

/** Architectures as 0.1.0 wrote them: the paper's family only, by its depth. */
public final class ArchitectureMigration {
    private ArchitectureMigration() {}

    /** @param old depth, widths, shortcut, convBias, classes */
    public static ObjectNode toFormat2(JsonNode old) {
        ObjectNode image = Json.object();
        image.put("channels", 3).put("height", 32).put("width", 32);
        ObjectNode stages = Json.object();
        stages.set("stem", old.get("widths").get(0));
        for (int i = 0; i < old.get("widths").size(); i++) {
            stages.withArray("blocks").add((old.get("depth").intValue() - 2) / 6);
        }
        stages.set("channels", old.get("widths"));
        ObjectNode block = Json.object();
        for (int i = 0; i < 2; i++) {
            block.withArray("layers")
                    .addObject()
                    .put("kernel", 3)
                    .set("channels", old.get("widths").get(0));
        }
        block.put("activation", "original");
        ObjectNode architecture = Json.object();
        architecture.set("image", image);
        architecture.set("stages", stages);
        architecture.set("block", block);
        architecture.put("survival", 1.0);
        for (String same : new String[] {"shortcut", "convBias", "classes"}) {
            architecture.set(same, old.get(same));
        }
        return architecture;
    }
}
