package dev.residual.train;

import dev.residual.run.RunDirectory;
import dev.residual.weights.ModelFile;
import java.nio.file.Files;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The network that a run has come to.
 *
 * @param finished whether it is that of the last iteration; otherwise it is the newest checkpoint's
 */
public record TrainedModel(ModelFile model, boolean finished) {
    /**
     * @param warning is told of each damaged checkpoint that was passed over, in a sentence
     * @return nothing when the run has no network yet
     */
    public static Optional<TrainedModel> of(RunDirectory run, Consumer<String> warning) {
        Checkpoints checkpoints = new Checkpoints(run.checkpoints());
        if (Files.exists(run.model())) {
            ModelFile model = ModelFile.read(run.model());
            // A finished run that goes on for longer has newer checkpoints.
            if (model.card().number("iteration", Long.MAX_VALUE) >= checkpoints.newestIteration()) {
                return Optional.of(new TrainedModel(model, true));
            }
        }
        return checkpoints.latest(warning).map(c -> new TrainedModel(c.model(), false));
    }
}
