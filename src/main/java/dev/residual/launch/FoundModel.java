package dev.residual.launch;

import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.model.Model;
import dev.residual.model.Provenance;
import dev.residual.predict.BuiltInModels;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.run.TrainedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/**
 * A model, wherever it is: a run's, or that of its last checkpoint where it is not finished; a model file; or a model that
 * comes with the program.
 *
 * @param data what it was trained on
 * @param seed of the run, which decides what was held out
 */
public record FoundModel(Model model, RunConfig.Data data, long seed) {
    private static final String DEFAULT_DATASET = "cifar10";
    private static final String DEFAULT_DIRECTORY = "data";

    /**
     * @param path a run directory, a model file, or the name of a pretrained model
     * @param warning receives a sentence about damage that was passed over
     * @throws ResidualException when there is no model, it cannot be read, or its weights are not finite
     */
    public static FoundModel find(Path path, Consumer<String> warning) {
        FoundModel found = read(path, warning);
        found.model.requireFinite(path.toString());
        return found;
    }

    private static FoundModel read(Path path, Consumer<String> warning) {
        if (Files.isDirectory(path)) {
            RunDirectory run = RunDirectory.open(path);
            RunConfig config = RunConfig.read(run);
            TrainedModel trained =
                    TrainedModel.of(run, warning).orElseThrow(() -> new ResidualException(path + " has no model yet"));
            return new FoundModel(trained.model(), config.data(), config.seed());
        }
        Model model = Files.exists(path) ? Model.load(path) : shipped(path.toString());
        Optional<Provenance.Training> training = model.card().provenance().training();
        String dataset = training.map(t -> t.data().dataset()).orElse(DEFAULT_DATASET);
        OptionalDouble testFraction = training.map(t -> t.data().testFraction()).orElse(OptionalDouble.empty());
        int validation = training.map(t -> t.data().validation()).orElse(0);
        Map<String, String> sums = training.map(t -> t.data().sha256()).orElse(Map.of());
        return new FoundModel(
                model,
                new RunConfig.Data(dataset, DEFAULT_DIRECTORY, validation, testFraction, sums),
                training.map(Provenance.Training::seed).orElse(1L));
    }

    /**
     * Test images that are drawn from a folder are others once its pictures have changed, and then the network may have been
     * trained on some of them.
     *
     * @param trainedOn what the network was trained on
     * @param warning receives a sentence if that is so
     */
    public static void checkTestImages(RunConfig.Data trainedOn, Dataset dataset, Consumer<String> warning) {
        String before = trainedOn.sha256().get("test");
        String now = dataset.sha256().get("test");
        if (dataset.testFraction().isPresent()
                && dataset.name().equals(trainedOn.dataset())
                && before != null
                && !before.equals(now)) {
            warning.accept(dataset.source() + ": these are not the pictures that the network was trained with, so its"
                    + " test images are drawn anew: it may have been trained on some of them");
        }
    }

    private static Model shipped(String name) {
        if (!BuiltInModels.names().contains(name)) {
            throw new ResidualException(
                    name + " is neither a run directory, a model file nor a pretrained model: no such file");
        }
        return BuiltInModels.read(name);
    }
}
