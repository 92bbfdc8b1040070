package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.run.RunDirectory;
import dev.residual.train.RunConfig;
import dev.residual.train.TrainedModel;
import dev.residual.weights.ModelFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The MODEL of a command line, found: a run directory's model, or that of its last checkpoint where it is not finished,
 * or a model file.
 *
 * @param data what it was trained on
 * @param seed of the run, which decides what was held out
 */
record ModelArgument(ModelFile model, RunConfig.Data data, long seed) {
    static ModelArgument find(Path path, Console console) {
        if (Files.isDirectory(path)) {
            RunDirectory run = RunDirectory.open(path);
            RunConfig config = RunConfig.read(run);
            TrainedModel trained = TrainedModel.of(run, console::warn)
                    .orElseThrow(() -> new ResidualException(path + " has no model yet"));
            return new ModelArgument(trained.model(), config.data(), config.seed());
        }
        if (!Files.exists(path)) {
            throw new ResidualException(path + " is neither a run directory nor a model file: no such file");
        }
        ModelFile model = ModelFile.read(path);
        ModelFile.Card card = model.card();
        String dataset = card.provenance().getOrDefault("dataset", "cifar10");
        int validation = (int) card.number("validation", 0);
        return new ModelArgument(
                model, new RunConfig.Data(dataset, "data", validation, Map.of()), card.number("seed", 1));
    }
}
