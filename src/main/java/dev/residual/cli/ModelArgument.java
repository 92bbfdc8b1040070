package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.predict.BuiltInModels;
import dev.residual.run.RunDirectory;
import dev.residual.train.RunConfig;
import dev.residual.train.TrainedModel;
import dev.residual.weights.ModelFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The MODEL of a command line, found: a run directory's model, or that of its last checkpoint where it is not finished,
 * or a model file, or a model that is shipped with the program.
 *
 * @param data what it was trained on
 * @param seed of the run, which decides what was held out
 */
record ModelArgument(ModelFile model, RunConfig.Data data, long seed) {
    static final String DESCRIPTION =
            "A run directory, a model file, or the name of a shipped model ('residual models').";

    static ModelArgument find(Path path, Console console) {
        if (Files.isDirectory(path)) {
            RunDirectory run = RunDirectory.open(path);
            RunConfig config = RunConfig.read(run);
            TrainedModel trained = TrainedModel.of(run, console::warn)
                    .orElseThrow(() -> new ResidualException(path + " has no model yet"));
            return new ModelArgument(trained.model(), config.data(), config.seed());
        }
        ModelFile model = Files.exists(path) ? ModelFile.read(path) : shipped(path.toString());
        ModelFile.Card card = model.card();
        String dataset = card.provenance().getOrDefault("dataset", "cifar10");
        int validation = (int) card.number("validation", 0);
        return new ModelArgument(
                model, new RunConfig.Data(dataset, "data", validation, Map.of()), card.number("seed", 1));
    }

    private static ModelFile shipped(String name) {
        if (!BuiltInModels.names().contains(name)) {
            throw new ResidualException(
                    name + " is neither a run directory, a model file nor a shipped model: no such file");
        }
        return BuiltInModels.read(name);
    }
}
