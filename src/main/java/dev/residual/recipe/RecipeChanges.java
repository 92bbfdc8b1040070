package dev.residual.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Json;
import dev.residual.nn.Architecture;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** A recipe as options of {@code residual train}, without the dashes before them, and how it differs from the named one. */
public final class RecipeChanges {
    /** Options not named after the last word of their field. */
    private static final Map<String, String> OPTIONS = Map.of(
            "optimizer.type", "optimizer",
            "optimizer.decay.factor", "weight-decay",
            "optimizer.decay.on", "weight-decay-on",
            "schedule.type", "schedule",
            "images.augmentation.kind", "augmentation",
            "evaluations.training", "evaluate-training");

    private static final List<String> NO_OPTION = List.of("name");

    /** Changes that are named one by one. */
    private static final int MAX_WORDS = 4;

    private RecipeChanges() {}

    /** Every field of a recipe by its option; a list with commas. */
    public static Map<String, String> fields(Recipe recipe) {
        Map<String, String> fields = new LinkedHashMap<>();
        Json.leaves(recipe).forEach((path, value) -> fields.put(option(path), text(value)));
        fields.keySet().removeAll(NO_OPTION);
        if (fields.getOrDefault("milestones", "none").isEmpty()) { // the option for steps without a drop
            fields.keySet().removeAll(List.of("milestones", "gamma"));
            fields.put("schedule", "constant");
        }
        return fields;
    }

    private static String option(String path) {
        String last = path.substring(path.lastIndexOf('.') + 1);
        return OPTIONS.getOrDefault(
                path, last.replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT));
    }

    private static String text(JsonNode value) {
        return value.isArray()
                ? StreamSupport.stream(value.spliterator(), false)
                        .map(JsonNode::asText)
                        .collect(Collectors.joining(","))
                : value.isFloatingPointNumber()
                        ? value.decimalValue().stripTrailingZeros().toPlainString()
                        : value.asText();
    }

    /**
     * The fields that are not as in the recipe of that name for this network; the milestones that its length implies and
     * the learning rate that its optimizer implies are no changes.
     */
    public static Map<String, String> of(Recipe recipe, Architecture architecture) {
        Map<String, String> changes = fields(recipe);
        changes.entrySet().removeAll(fields(implied(recipe, architecture)).entrySet());
        return changes;
    }

    /** The recipe of that name for this network, as long as this one and with its optimizer's learning rate. */
    public static Recipe implied(Recipe recipe, Architecture architecture) {
        Recipe named = Recipe.named(recipe.name(), architecture);
        long iterations = recipe.length().iterations();
        Recipe base = iterations == named.length().iterations() ? named : stretched(named, iterations);
        return recipe.optimizer().name().equals(named.optimizer().name())
                ? base
                : base.withLearningRate(recipe.optimizer().defaultLearningRate());
    }

    /** The length itself stays a change. */
    private static Recipe stretched(Recipe named, long iterations) {
        return named.withIterations(iterations).withLength(named.length());
    }

    /** In words, such as {@code adam}, {@code no augmentation}, {@code learning rate 0.05}; without the iterations. */
    public static List<String> words(Recipe recipe, Architecture architecture) {
        List<String> words = new ArrayList<>();
        of(recipe, architecture).forEach((option, value) -> {
            if (!option.equals("iterations")) {
                words.add(words(option, value));
            }
        });
        return words;
    }

    private static String words(String option, String value) {
        String name = option.replace('-', ' ');
        return switch (value) {
            case "true" -> name;
            case "false", "none" -> "no " + name;
            default -> option.equals("optimizer") ? value : name + " " + value;
        };
    }

    /** The recipe's name and what is changed, such as {@code paper + adam, no augmentation}. */
    public static String title(Recipe recipe, Architecture architecture) {
        List<String> words = words(recipe, architecture);
        if (words.isEmpty()) {
            return recipe.name();
        }
        List<String> first = words.subList(0, Math.min(MAX_WORDS, words.size()));
        int more = words.size() - first.size();
        return recipe.name() + " + " + String.join(", ", first) + (more > 0 ? " and " + more + " more" : "");
    }
}
