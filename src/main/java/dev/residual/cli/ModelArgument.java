package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.run.RunDirectory;
import dev.residual.train.Checkpoints;
import dev.residual.train.RunConfig;
import dev.residual.weights.ModelFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The MODEL of a command line, found: a run directory's model, or that of its last checkpoint where it is not finished,
 * or a model file.
 *
 * @param file where it is
 * @param data what it was trained on
 * @param seed of the run, which decides what was held out
 */
record ModelArgument(Path file, ModelFile model, RunConfig.Data data, long seed) {
    static ModelArgument find(Path path) {
        if (Files.isDirectory(path)) {
            RunDirectory run = RunDirectory.open(path);
            RunConfig config = RunConfig.read(run);
            Path file = Files.exists(run.model())
                    ? run.model()
                    : new Checkpoints(run.checkpoints())
                            .latestModel()
                            .orElseThrow(() -> new ResidualException(path + " has no model yet"));
            return new ModelArgument(file, ModelFile.read(file), config.data(), config.seed());
        }
        if (!Files.exists(path)) {
            throw new ResidualException(path + " is neither a run directory nor a model file: no such file");
        }
        ModelFile model = ModelFile.read(path);
        Map<String, String> origin = model.card().provenance();
        RunConfig.Data data = new RunConfig.Data(
                origin.getOrDefault("dataset", "cifar10"),
                "data",
                Integer.parseInt(origin.getOrDefault("validation", "0")),
                Map.of());
        return new ModelArgument(path, model, data, Long.parseLong(origin.getOrDefault("seed", "1")));
    }
}
