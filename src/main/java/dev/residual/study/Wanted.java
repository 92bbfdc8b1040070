package dev.residual.study;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.residual.Json;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Recipe;
import dev.residual.run.RunConfig;
import dev.residual.tensor.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What decides a run's results, as its options say it before any data are loaded.
 *
 * @param architecture for as many classes as it has by name; how many there really are, the data set decides
 * @param validation training images that are held out
 * @param precision empty where the machine decides
 */
public record Wanted(
        Architecture architecture, Recipe recipe, String dataset, int validation, Optional<Precision> precision) {
    static Wanted of(RunConfig config) {
        return new Wanted(
                config.architecture(),
                config.recipe(),
                config.data().dataset(),
                config.data().validation(),
                Optional.of(config.compute().precision()));
    }

    public Wanted withIterations(long count) {
        return new Wanted(architecture, recipe.withIterations(count), dataset, validation, precision);
    }

    /** The iterations that it is to have; an epoch that is finished may add to them. */
    public long iterations() {
        return recipe.length().iterations();
    }

    /**
     * What is otherwise in a run than it is here; empty where its result is one of these. Threads, paths and what the recipe is
     * called do not count.
     */
    public List<String> differences(RunConfig config) {
        Map<String, String> mine = parts(this, config.architecture().classes());
        Map<String, String> other = parts(of(config), config.architecture().classes());
        if (precision.isEmpty()) {
            other.remove("precision");
        }
        if (!config.made().startedFrom().isEmpty()) {
            other.put("from", config.made().startedFrom().get(0));
        }
        Map<String, String> all = new LinkedHashMap<>(mine);
        all.putAll(other);
        return all.keySet().stream()
                .filter(key -> !mine.getOrDefault(key, "–").equals(other.getOrDefault(key, "–")))
                .map(key -> key + " " + other.getOrDefault(key, "–") + " instead of " + mine.getOrDefault(key, "–"))
                .toList();
    }

    /** Each value by its place. */
    private static Map<String, String> parts(Wanted wanted, int classes) {
        ObjectNode tree = Json.object();
        tree.set("network", Json.tree(Json.compact(wanted.architecture.withClasses(classes)), "a record"));
        ObjectNode recipe = (ObjectNode) Json.tree(Json.compact(wanted.recipe), "a record");
        recipe.remove("name");
        tree.setAll(recipe);
        tree.put("dataset", wanted.dataset);
        tree.put("validation", wanted.validation);
        wanted.precision.ifPresent(p -> tree.put("precision", p.toString()));
        Map<String, String> parts = new LinkedHashMap<>();
        flatten("", tree, parts);
        return parts;
    }

    private static void flatten(String prefix, JsonNode node, Map<String, String> parts) {
        node.properties().forEach(field -> {
            String name = prefix + field.getKey();
            if (field.getValue().isObject()) {
                flatten(name + ".", field.getValue(), parts);
            } else {
                parts.put(name, text(field.getValue()));
            }
        });
    }

    private static String text(JsonNode value) {
        return value.isTextual() ? value.textValue() : value.toString();
    }
}
