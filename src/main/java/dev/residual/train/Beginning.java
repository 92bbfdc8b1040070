package dev.residual.train;

import dev.residual.data.Digests;
import dev.residual.model.Initialization;
import dev.residual.model.Parameter;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.tensor.Device;
import dev.residual.tensor.Tensors;
import dev.residual.weights.ModelFile;
import dev.residual.weights.ModelFile.Card;
import dev.residual.weights.Safetensors.NamedTensor;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A run that starts from a trained network: its checkpoint before the first minibatch. */
public final class Beginning {
    private static final int MAX_GENERATIONS = 16;

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

    /**
     * Where the weights came from, for the provenance of what is made of them: a line for each generation, the newest
     * first, the oldest left out when there are too many.
     *
     * @param name of the model, as the person called it
     */
    public static Map<String, String> provenance(String name, ModelFile model) {
        List<String> generations = new ArrayList<>(List.of(line(name, model)));
        Map<String, String> before = model.card().provenance();
        for (int i = 1; before.containsKey(key(i)) && generations.size() < MAX_GENERATIONS; i++) {
            generations.add(before.get(key(i)));
        }
        Map<String, String> provenance = new TreeMap<>();
        for (int i = 0; i < generations.size(); i++) {
            provenance.put(key(i + 1), generations.get(i));
        }
        return provenance;
    }

    /** @param generation from 1, the newest */
    private static String key(int generation) {
        return generation == 1 ? Provenance.FROM : Provenance.FROM + " " + generation;
    }

    private static String line(String name, ModelFile model) {
        Card card = model.card();
        Map<String, String> p = card.provenance();
        List<String> facts = new ArrayList<>(List.of(card.architecture().name()));
        Stream.of("dataset", "iteration", "seed", Card.TEST_ACCURACY, "imported_file")
                .filter(p::containsKey)
                .forEach(key -> facts.add(key + " " + p.get(key)));
        return name + ": " + String.join(", ", facts) + ", SHA-256 " + sha256(model);
    }

    private static String sha256(ModelFile model) {
        try (DigestOutputStream sum = new DigestOutputStream(OutputStream.nullOutputStream(), Digests.sha256())) {
            model.write(sum);
            return HexFormat.of().formatHex(sum.getMessageDigest().digest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static float[] values(Parameter p, ModelFile model, State fresh) {
        NamedTensor trained = model.tensors().get(p.name());
        boolean fits = Arrays.equals(trained.shape(), p.shape());
        return fits ? trained.floats() : Tensors.floats(fresh.get(p.name()));
    }
}
