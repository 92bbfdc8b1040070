package dev.residual.train;

import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.data.ImageSet;
import dev.residual.data.Part;
import dev.residual.data.Split;
import dev.residual.formats.safetensors.Safetensors;
import dev.residual.graph.Graph;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Summary;
import dev.residual.run.RunConfig;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Whether a run can be trained to its end: better said now than after hours. */
record RunChecks(RunConfig config, Dataset dataset, Split split, int processes) {
    /** @throws ResidualException when it cannot, with the reason */
    void require() {
        requireThatTheNetworkFits();
        requireImages();
        requireSeveralValues();
        requireThatCheckpointsCanBeRead();
    }

    private void requireThatTheNetworkFits() {
        int classes = config.architecture().classes();
        ResidualException.require(
                classes == dataset.classes().size(),
                "the network has " + classes + " classes, " + dataset.name() + " has "
                        + dataset.classes().size());
        int side = config.architecture().image().height();
        for (ImageSet images : List.of(dataset.train(), dataset.test())) {
            ResidualException.require(
                    images.side() == side,
                    "the network is for images of " + side + " pixels per row, but those of " + dataset.name()
                            + " have " + images.side());
        }
    }

    private void requireImages() {
        ResidualException.require(
                split.train().size() > 0 && split.test().size() > 0,
                dataset.name() + " has " + split.train().size() + " training images and "
                        + split.test().size() + " test images: expected some of both");
        ResidualException.require(
                config.recipe().images().batchSize() >= processes,
                "a minibatch of " + config.recipe().images().batchSize() + " images cannot be divided among "
                        + processes + " processes");
    }

    /** As PyTorch does: of one value per channel BN could say no variance, and its running one would be NaN for ever. */
    private void requireSeveralValues() {
        Graph graph = config.graph();
        boolean onePosition = graph.nodes().stream()
                .filter(node -> node.operation() instanceof BatchNorm && !graph.isFrozen(node))
                .anyMatch(node -> node.shape().height() * node.shape().width() == 1);
        // In training mode the images that are evaluated on move the running statistics too.
        boolean moved = !config.recipe().evaluations().evalMode();
        List<Integer> sizes = moved
                ? List.of(
                        split.train().size(),
                        split.test().size(),
                        split.validation().size())
                : List.of(split.train().size());
        int batch = config.recipe().images().batchSize();
        int parts = config.compute().syncBatchNorm() ? 1 : processes;
        boolean oneImage = sizes.stream()
                .flatMap(size -> Stream.of(Math.min(batch, size), size % batch))
                .anyMatch(count -> IntStream.range(0, parts)
                        .mapToObj(i -> new Part(i, parts))
                        .anyMatch(p -> p.to(count) - p.from(count) == 1));
        ResidualException.require(
                !(onePosition && oneImage),
                "a minibatch, or a process's part of one, has a single image, and the last feature maps have one pixel:"
                        + " batch norm needs more than one value per channel, so take another batch size or larger images");
    }

    private void requireThatCheckpointsCanBeRead() {
        long bytes = Float.BYTES * Summary.of(config.graph()).parameters();
        long largest = bytes * Math.max(1, TrainingState.valuesPerParameter(config.recipe()));
        ResidualException.require(
                largest <= Safetensors.MAX_FILE,
                config.architecture().name() + " with "
                        + config.recipe().optimizer().name() + " has checkpoints of "
                        + (largest >> 20) + " MiB, more than the " + (Safetensors.MAX_FILE >> 20)
                        + " MiB that can be read again");
    }
}
