package dev.residual.model;

import dev.residual.ResidualException;
import dev.residual.data.Normalization;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.graph.Graph;
import dev.residual.graph.Parameter;
import dev.residual.nn.Architecture;
import dev.residual.nn.Weights;
import dev.residual.tensor.Device;
import dev.residual.tensor.Tensors;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A trained network with all that is needed to use it, in Java's memory.
 *
 * @param card what it is
 * @param tensors its parameters and buffers by name, float32, as the graph of its architecture has them
 */
public record Model(Card card, Map<String, NamedTensor> tensors) {
    /**
     * A model card: what is needed to use the weights, and where they come from.
     *
     * @param classes names by class number
     * @param normalization what its inputs must have been through
     */
    public record Card(
            Architecture architecture, List<String> classes, Normalization normalization, Provenance provenance) {
        public Card {
            ResidualException.require(
                    classes.size() == architecture.classes(),
                    classes.size() + " class names for " + architecture.classes() + " classes");
            int side = architecture.image().height();
            int ofMean = normalization.side().orElse(side);
            ResidualException.require(ofMean == side, "a mean of " + ofMean + " pixels per row for images of " + side);
            classes = List.copyOf(classes);
        }

        public Card withProvenance(Provenance other) {
            return new Card(architecture, classes, normalization, other);
        }
    }

    /** @throws ResidualException when the tensors are not those of the architecture; the sentence names one */
    public Model {
        List<Parameter> expected = card.architecture().graph().parameters();
        for (Parameter p : expected) {
            NamedTensor tensor = tensors.get(p.name());
            if (tensor == null || !tensor.dtype().equals("F32") || !Arrays.equals(tensor.shape(), p.sizes())) {
                String found = tensor == null ? "is missing" : "is " + tensor.dtype() + Arrays.toString(tensor.shape());
                throw new ResidualException("tensor '" + p.name() + "' " + found + ", expected F32" + p.shape()
                        + " for " + card.architecture().name());
            }
        }
        if (tensors.size() > expected.size()) {
            Map<String, NamedTensor> left = new LinkedHashMap<>(tensors);
            expected.forEach(p -> left.remove(p.name()));
            throw new ResidualException("tensor '" + left.keySet().iterator().next() + "' has no place in "
                    + card.architecture().name());
        }
    }

    /** Takes a copy of the weights as they are now. */
    public static Model of(Card card, Weights weights) {
        Map<String, NamedTensor> tensors = new LinkedHashMap<>();
        weights.tensors().forEach((p, t) -> tensors.put(p.name(), NamedTensor.of(Tensors.floats(t), p.sizes())));
        return new Model(card, tensors);
    }

    /**
     * Loads a model file, such as a run's {@code model.safetensors}.
     *
     * @throws ResidualException when it cannot be read or is no model file
     */
    public static Model load(Path file) {
        return ModelFile.read(file);
    }

    /** The same from a stream, such as {@code getResourceAsStream} gives from the class path; the caller closes it. */
    public static Model load(InputStream in) {
        return ModelFile.read(in, "the model");
    }

    /** Saves it as a model file; what was there before is replaced when the new one is whole. */
    public void save(Path file) {
        ModelFile.write(this, file);
    }

    public Architecture architecture() {
        return card.architecture();
    }

    public Graph graph() {
        return architecture().graph();
    }

    /** A parameter's or buffer's values, row-major. */
    public float[] floats(String name) {
        return tensors.get(name).floats();
    }

    /**
     * Nothing can be computed from weights that are not numbers, and an accuracy of such a network would mislead. The
     * checkpoint of a run that diverges may have them all the same.
     *
     * @param file for error messages
     * @throws ResidualException when a weight is NaN or infinite; it names the tensor, and how many are
     */
    public void requireFinite(String file) {
        Map<String, Long> wrong = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> wrong.put(name, tensor.notFinite()));
        wrong.values().removeIf(n -> n == 0);
        wrong.entrySet().stream().findFirst().ifPresent(first -> {
            String others = wrong.size() > 1 ? " (and values of " + (wrong.size() - 1) + " other tensors)" : "";
            throw new ResidualException(file + ": " + first.getValue() + " of the " + floats(first.getKey()).length
                    + " values of '" + first.getKey() + "' are NaN or infinite" + others
                    + ": nothing can be computed from them");
        });
    }

    /** The weights on a device; the caller closes them. */
    public Weights weights(Device device) {
        return new Weights(graph(), p -> floats(p.name()), device);
    }

    public Model withProvenance(Provenance provenance) {
        return new Model(card.withProvenance(provenance), tensors);
    }
}
