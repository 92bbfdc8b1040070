package dev.residual.bench.peers;

import dev.residual.data.Dataset;
import dev.residual.data.Normalization;
import dev.residual.formats.onnx.OnnxFile;
import dev.residual.graph.Graph;
import dev.residual.model.Model;
import dev.residual.model.Model.Card;
import dev.residual.model.Provenance;
import dev.residual.nn.Architecture;
import dev.residual.nn.Initialization;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;

/** Makes the weights that all contestants share: trained for a moment, so that BN's running statistics mean something. */
final class StartingPoint {
    private static final int STEPS = 40;

    private StartingPoint() {}

    public static void main(String[] args) {
        Setup setup = Setup.of(args);
        Engine.start(setup.threads);
        Architecture architecture = Architecture.of(setup.architecture);
        Dataset dataset = setup.dataset();
        Normalization normalization = Normalization.of(Normalization.Kind.PIXEL_MEAN, dataset.train());
        Graph graph = architecture.graph();
        try (Steps steps = Steps.of(setup, graph, Initialization.he(graph, Setup.SEED, Device.CPU), normalization)) {
            steps.trainer().run(Steps.stopAfter(STEPS), event -> {});
            Card card = new Card(architecture, dataset.classes(), normalization, Provenance.UNKNOWN);
            Model model = Model.of(card, steps.state().weights());
            model.save(setup.model);
            new OnnxFile(model, false, true).write(setup.onnx);
        }
    }
}
