package dev.residual.run;

import dev.residual.model.Model;
import dev.residual.model.Provenance;
import java.nio.file.Files;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The network that a run has come to.
 *
 * @param finished whether it is that of the last iteration; otherwise it is the newest checkpoint's
 */
public record TrainedModel(Model model, boolean finished) {
    /**
     * @param warning receives a sentence about each damaged checkpoint that was passed over
     * @return nothing when the run has no network yet
     */
    public static Optional<TrainedModel> of(RunDirectory run, Consumer<String> warning) {
        Checkpoints checkpoints = new Checkpoints(run.checkpoints());
        if (Files.exists(run.model())) {
            Model model = Model.load(run.model());
            // A finished run that goes on for longer has newer checkpoints.
            if (iteration(model) >= checkpoints.newestIteration()) {
                return Optional.of(new TrainedModel(model, true));
            }
        }
        return checkpoints.latest(warning).map(c -> new TrainedModel(c.model(), false));
    }

    private static long iteration(Model model) {
        return model.card()
                .provenance()
                .training()
                .map(Provenance.Training::iteration)
                .orElse(Long.MAX_VALUE);
    }
}
