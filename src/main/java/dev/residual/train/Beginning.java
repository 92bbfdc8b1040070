package dev.residual.train;

import dev.residual.model.Initialization;
import dev.residual.model.Parameter;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.tensor.Device;
import dev.residual.tensor.Tensors;
import dev.residual.weights.ModelFile;
import dev.residual.weights.ModelFile.Card;
import dev.residual.weights.Safetensors.NamedTensor;
import java.util.Arrays;
import java.util.List;

/** A run that starts from a trained network: its checkpoint before the first minibatch. */
public final class Beginning {
    private Beginning() {}

    /**
     * The model's numbers, its BN statistics among them, and the normalisation that it is used to. Its last layer begins
     * anew where the number of classes is another.
     *
     * @param config of the run; its architecture is the model's, but for the number of classes
     * @param classes names by class number
     */
    public static Checkpoint from(ModelFile model, RunConfig config, List<String> classes) {
        ResNet network = ResNet.of(config.architecture());
        Card card = new Card(
                Card.FORMAT,
                config.architecture(),
                classes,
                model.card().normalization(),
                model.card().provenance());
        try (State fresh = Initialization.he(network, config.seed(), Device.CPU);
                State state = new State(network.parameters(), p -> values(p, model, fresh), Device.CPU);
                Optimizer optimizer = Optimizer.of(config.recipe(), state)) {
            return Checkpoint.of(Progress.start(config.recipe()), card, state, optimizer);
        }
    }

    private static float[] values(Parameter p, ModelFile model, State fresh) {
        NamedTensor trained = model.tensors().get(p.name());
        boolean fits = Arrays.equals(trained.shape(), p.shape());
        return fits ? trained.floats() : Tensors.floats(fresh.get(p.name()));
    }
}
