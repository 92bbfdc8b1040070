package dev.residual.train;

import dev.residual.Digests;
import dev.residual.graph.Graph;
import dev.residual.graph.Parameter;
import dev.residual.model.Model;
import dev.residual.model.Model.Card;
import dev.residual.model.ModelFile;
import dev.residual.model.Provenance;
import dev.residual.nn.Initialization;
import dev.residual.nn.Weights;
import dev.residual.recipe.Recipe;
import dev.residual.run.Checkpoint;
import dev.residual.run.Progress;
import dev.residual.run.RunConfig;
import dev.residual.tensor.Device;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Training that starts from the weights of a trained network instead of random ones.
 *
 * @param name of the model, as the person called it
 */
public record WarmStart(String name, Model model) {
    /**
     * The run's checkpoint before its first minibatch: the model's weights, its BN statistics among them, and its
     * normalisation. If the classes differ, the last layer is initialised anew.
     *
     * @param config of the run; its architecture is the model's, but for the number of classes and the size of the images
     * @param classes names by class number
     */
    public Checkpoint checkpoint(RunConfig config, List<String> classes) {
        Graph graph = config.graph();
        Card card = new Card(
                config.architecture(),
                classes,
                model.card()
                        .normalization()
                        .resized(config.architecture().image().height()),
                model.card().provenance());
        try (Weights random = Initialization.he(graph, config.seed(), Device.CPU);
                TrainingState state = TrainingState.of(
                        config.recipe(),
                        graph,
                        new Weights(
                                graph,
                                p -> isNew(p, graph, classes) ? random.floats(p.name()) : trained(p),
                                Device.CPU))) {
            return state.checkpoint(Progress.start(config.recipe().schedule()), card);
        }
    }

    /** A recipe with the normalisation that the model was trained with. */
    public Recipe normalized(Recipe recipe) {
        return recipe.withImages(
                recipe.images().withNormalization(model.card().normalization().kind()));
    }

    private boolean isNew(Parameter p, Graph graph, List<String> classes) {
        boolean ofLastLayer = graph.output().operation().parameters().contains(p);
        return ofLastLayer && !classes.equals(model.card().classes());
    }

    private float[] trained(Parameter p) {
        return model.tensors().get(p.name()).floats();
    }

    /** Where the weights come from, for the provenance of what is made of them: a line a generation, the newest first. */
    public List<String> lineage() {
        Provenance provenance = model.card().provenance();
        List<String> facts = new ArrayList<>(List.of(model.architecture().name()));
        provenance.training().ifPresent(t -> {
            facts.add(t.data().dataset());
            facts.add(t.recipe().name() + " recipe");
            facts.add(t.iteration() + " iterations");
            facts.add("seed " + t.seed());
            t.testAccuracy().ifPresent(percent -> facts.add(percent + " % of the test images"));
        });
        provenance.imported().ifPresent(i -> facts.add("imported from " + i.file()));
        List<String> lines = new ArrayList<>();
        lines.add(name + ": " + String.join(", ", facts) + ", SHA-256 " + sha256());
        lines.addAll(provenance.startedFrom());
        return lines;
    }

    private String sha256() {
        try (DigestOutputStream sum = new DigestOutputStream(OutputStream.nullOutputStream(), Digests.sha256())) {
            ModelFile.write(model, sum);
            return HexFormat.of().formatHex(sum.getMessageDigest().digest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
