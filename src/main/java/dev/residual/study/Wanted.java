package dev.residual.study;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.residual.Json;
import dev.residual.data.Datasets;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Recipe;
import dev.residual.run.RunConfig;
import dev.residual.tensor.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * What decides a run's results, as its options say it before any data are loaded.
 *
 * @param architecture for as many classes as it has by name; how many there really are, the data set decides
 * @param pictures of the data set {@code folder}
 * @param validation training images that are held out
 * @param split whether BN's statistics are of each process's part of a minibatch, and how many parts there are
 * @param precision empty where the machine decides
 */
public record Wanted(
        Architecture architecture,
        Recipe recipe,
        String dataset,
        Optional<Pictures> pictures,
        int validation,
        Split split,
        Optional<Precision> precision) {
    /** Hexadecimal digits of a checksum that are shown. */
    private static final int SUM = 12;

    /** How processes share a minibatch. */
    public record Split(int processes, boolean syncBatchNorm) {}

    static Wanted of(RunConfig config) {
        return new Wanted(
                config.architecture(),
                config.recipe(),
                config.data().dataset(),
                Optional.empty(),
                config.data().validation(),
                new Split(config.compute().processes(), config.compute().syncBatchNorm()),
                Optional.of(config.compute().precision()));
    }

    /** The iterations that it is to have; an epoch that is finished may add to them. */
    public long iterations() {
        return recipe.length().iterations();
    }

    /**
     * How a run differs from this; empty if its result counts as one of these. Threads, paths and what the recipe is
     * called do not count; pictures are compared where all else is the same, since they may have to be read for it.
     */
    public List<String> differences(RunConfig config) {
        return differences(config, Pictures::differences);
    }

    /** The same of a run in the directory that is meant for it: pictures that are still in their place are not read. */
    List<String> differencesInItsDirectory(RunConfig config) {
        return differences(config, Pictures::differencesUnlessInPlace);
    }

    private List<String> differences(
            RunConfig config, BiFunction<Pictures, RunConfig.Data, List<String>> differencesOfPictures) {
        Map<String, String> mine = parts(this, config.architecture().classes());
        Map<String, String> other = parts(of(config), config.architecture().classes());
        if (precision.isEmpty()) {
            other.remove("precision");
        }
        other.putAll(start(config));
        List<String> differences = differences(mine, other);
        return differences.isEmpty() && pictures.isPresent()
                ? differencesOfPictures.apply(pictures.get(), config.data())
                : differences;
    }

    /** How the second run differs from the first, the seed apart. */
    static List<String> differences(RunConfig one, RunConfig two) {
        return differences(all(one), all(two));
    }

    private static Map<String, String> all(RunConfig config) {
        Map<String, String> parts = parts(of(config), config.architecture().classes());
        parts.putAll(start(config));
        parts.put("device", config.compute().device());
        parts.put("backend", config.compute().backend());
        parts.put("classes", Integer.toString(config.architecture().classes()));
        if (config.data().dataset().equals(Datasets.FOLDER)) { // others have one content, in files of several forms
            new TreeMap<>(config.data().sha256())
                    .forEach((file, sum) -> parts.put(file + " pictures", "of SHA-256 " + sum.substring(0, SUM)));
        }
        return parts;
    }

    private static Map<String, String> start(RunConfig config) {
        Map<String, String> start = new LinkedHashMap<>();
        config.made().startedFrom().stream().findFirst().ifPresent(model -> start.put("from", model));
        if (config.frozenStages() > 0) {
            start.put("frozen stages", Integer.toString(config.frozenStages()));
        }
        return start;
    }

    private static List<String> differences(Map<String, String> mine, Map<String, String> other) {
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
        tree.put("processes", wanted.split.processes);
        tree.put("syncBatchNorm", wanted.split.syncBatchNorm);
        wanted.precision.ifPresent(p -> tree.put("precision", p.toString()));
        Map<String, String> parts = new LinkedHashMap<>();
        Json.leaves(tree).forEach((path, value) -> parts.put(path, Json.text(value)));
        return parts;
    }
}
