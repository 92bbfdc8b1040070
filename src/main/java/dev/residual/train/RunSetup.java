package dev.residual.train;

import dev.residual.data.Batches;
import dev.residual.data.Dataset;
import dev.residual.data.Part;
import dev.residual.data.Split;
import dev.residual.distributed.ProcessGroup;
import dev.residual.graph.Graph;
import dev.residual.recipe.Recipe;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import java.util.Optional;

/**
 * What a run is made of.
 *
 * @param directory where everything is written; empty to write nothing
 * @param group of the processes that train it together
 */
record RunSetup(
        RunConfig config,
        Dataset dataset,
        Split split,
        Graph graph,
        Optional<RunDirectory> directory,
        ProcessGroup group) {
    /** @throws dev.residual.ResidualException when these do not fit together */
    static RunSetup of(RunConfig config, Dataset dataset, Optional<RunDirectory> directory, ProcessGroup group) {
        Split split = Split.of(dataset, config.data().validation(), config.seed());
        new RunChecks(config, dataset, split, group.size()).require();
        return new RunSetup(config, dataset, split, config.graph(), directory, group);
    }

    Recipe recipe() {
        return config.recipe();
    }

    /** This process's part of every minibatch. */
    Part part() {
        return new Part(group.rank(), group.size());
    }

    int batchesPerEpoch() {
        return Batches.perEpoch(split.train().size(), recipe().images().batchSize());
    }

    /** The iterations of the whole run. */
    long lastIteration() {
        return recipe().length().last(batchesPerEpoch());
    }

    EpochEvaluation evaluation() {
        return new EpochEvaluation(recipe(), split, config.seed(), group);
    }

    ModelCards cards() {
        return new ModelCards(config, dataset, split, evaluation());
    }
}
