package dev.residual.model;

import dev.residual.recipe.Recipe;
import dev.residual.tensor.Precision;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * Where a model comes from. Nothing in it is measured, but for the accuracy, so that the same run makes the same bytes.
 *
 * @param software that made the file
 * @param training how it was trained, where this program trained it
 * @param imported where its weights were taken from, where another program trained it
 * @param startedFrom the models that training started from, newest first: the direct one, the one that it started from,
 * and so on
 */
public record Provenance(
        Optional<Software> software,
        Optional<Training> training,
        Optional<Imported> imported,
        List<String> startedFrom) {
    /** Older generations are forgotten, so that a model that is trained on again and again can still be read. */
    private static final int MAX_GENERATIONS = 16;

    /**
     * All that decided the training, apart from the architecture.
     *
     * @param iteration minibatches trained on
     * @param batchesTracked minibatches that BN's running statistics have seen: those, and the evaluated ones where
     *     evaluation is in training mode (PyTorch's {@code num_batches_tracked})
     * @param testAccuracy percent after that iteration, by the recipe's way of evaluating; empty before the last
     */
    public record Training(
            Data data,
            Recipe recipe,
            long seed,
            int threads,
            Precision precision,
            long iteration,
            long batchesTracked,
            OptionalDouble testAccuracy) {}

    /**
     * The training data.
     *
     * @param images trained on
     * @param validation images of the training set that were held out
     * @param testFraction of each class of a folder of pictures that was held out to test on
     * @param sha256 of each file, by name
     */
    public record Data(
            String dataset, int images, int validation, OptionalDouble testFraction, Map<String, String> sha256) {
        public Data {
            sha256 = new TreeMap<>(sha256); // in one order, so that the same run writes the same bytes
        }
    }

    /**
     * @param layout of the file, such as {@code PyTorch zip}
     * @param key of the checkpoint under which the weights were, or empty
     * @param matchedBy how its tensors were placed
     */
    public record Imported(String file, String sha256, String layout, String key, String matchedBy) {}

    /** The provenance of weights that nothing is known about. */
    public static final Provenance UNKNOWN =
            new Provenance(Optional.empty(), Optional.empty(), Optional.empty(), List.of());

    public Provenance {
        startedFrom = List.copyOf(startedFrom.subList(0, Math.min(startedFrom.size(), MAX_GENERATIONS)));
    }

    /** The provenance of a model that is trained now. */
    public static Provenance of(Software software, Training training, List<String> startedFrom) {
        return new Provenance(Optional.of(software), Optional.of(training), Optional.empty(), startedFrom);
    }

    public Provenance withTestAccuracy(double percent) {
        Training t = training.orElseThrow();
        double rounded = Math.round(percent * 100) / 100.0;
        return new Provenance(
                software,
                Optional.of(new Training(
                        t.data,
                        t.recipe,
                        t.seed,
                        t.threads,
                        t.precision,
                        t.iteration,
                        t.batchesTracked,
                        OptionalDouble.of(rounded))),
                imported,
                startedFrom);
    }

    public Provenance withImported(Software now, Imported from) {
        return new Provenance(Optional.of(now), training, Optional.of(from), startedFrom);
    }
}
