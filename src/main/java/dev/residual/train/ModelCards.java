package dev.residual.train;

import dev.residual.data.Dataset;
import dev.residual.data.Normalization;
import dev.residual.data.Split;
import dev.residual.model.Model;
import dev.residual.model.Model.Card;
import dev.residual.model.Provenance;
import dev.residual.run.Progress;
import dev.residual.run.RunConfig;
import dev.residual.run.Score;
import java.util.OptionalDouble;

/** What a run's models say of themselves. */
record ModelCards(RunConfig config, Dataset dataset, Split split, EpochEvaluation evaluation) {
    /** After so much training. */
    Card of(Normalization normalization, Progress p) {
        Provenance.Data data = new Provenance.Data(
                dataset.name(),
                split.train().size(),
                config.data().validation(),
                dataset.testFraction(),
                dataset.sha256());
        Provenance.Training training = new Provenance.Training(
                data,
                config.recipe(),
                config.seed(),
                config.compute().threads(),
                config.compute().precision(),
                p.iteration(),
                evaluation.batchesTracked(p),
                OptionalDouble.empty());
        Provenance provenance =
                Provenance.of(config.made().software(), training, config.made().startedFrom());
        return new Card(config.architecture(), dataset.classes(), normalization, provenance);
    }

    /** A model that tells what it reached on the test images. */
    Model tested(Model model, Score score) {
        int images = split.test().size();
        double correct = Math.round(score.accuracy() / 100 * images); // metrics.csv has three decimals of the accuracy
        return model.withProvenance(model.card().provenance().withTestAccuracy(100 * correct / images));
    }
}
