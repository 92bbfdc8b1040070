package dev.residual.weights;

import dev.residual.AtomicFile;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.model.Architecture;
import dev.residual.model.Architecture.ShortcutKind;
import dev.residual.model.Parameter;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.tensor.Device;
import dev.residual.tensor.Tensors;
import dev.residual.weights.Safetensors.NamedTensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A trained network with all that is needed to use it: a safetensors file whose tensors have the public names of PyTorch's
 * CIFAR ResNets, and whose metadata say what they are.
 *
 * @param card what the numbers are
 * @param tensors the numbers
 */
public record ModelFile(Card card, Map<String, NamedTensor> tensors) {
    private static final String CARD = "residual";

    /**
     * What a model file says of itself.
     *
     * @param format counts changes of this record; readers refuse what is newer than they are
     * @param classes names by class number
     * @param provenance where it came from: data and their checksums, recipe, seed, iteration, version
     */
    public record Card(
            int format,
            Architecture architecture,
            List<String> classes,
            Normalization normalization,
            Map<String, String> provenance) {
        public static final int FORMAT = 1;

        /** In the provenance of a finished run's model: what it reached on its data set's test images, by its recipe. */
        public static final String TEST_ACCURACY = "test accuracy";

        public Card {
            if (format != FORMAT) {
                throw new ResidualException("model format " + format + ", this version reads " + FORMAT);
            }
            if (classes.size() != architecture.classes()) {
                throw new ResidualException(classes.size() + " class names for " + architecture.classes() + " classes");
            }
            if (normalization.mean().length != ImageSet.CHANNELS && normalization.mean().length != ImageSet.BYTES) {
                throw new ResidualException(normalization.mean().length + " means in the normalisation");
            }
            classes = List.copyOf(classes);
        }

        /**
         * A number of the provenance.
         *
         * @throws ResidualException when there is another text
         */
        public long number(String key, long otherwise) {
            String text = provenance.get(key);
            try {
                return text == null ? otherwise : Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw new ResidualException(
                        "the model's provenance says '" + text + "' for '" + key + "', expected a number", e);
            }
        }
    }

    /** Takes a copy of the numbers as they are now. */
    public static ModelFile of(Card card, State state) {
        Map<String, NamedTensor> tensors = new LinkedHashMap<>();
        state.tensors().forEach((p, t) -> tensors.put(p.name(), NamedTensor.of(Tensors.floats(t), p.shape())));
        return new ModelFile(card, tensors);
    }

    /** Writes the file's bytes; the same content gives the same bytes. */
    public void write(OutputStream out) throws IOException {
        // PyTorch's loaders look for this key.
        Map<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
        metadata.put(CARD, Json.compact(card));
        new Safetensors(metadata, tensors).write(out);
    }

    public void write(Path file) {
        AtomicFile.write(file, this::write);
    }

    /**
     * Writes the numbers alone, for PyTorch: a file of which {@code torch.load(…, weights_only=True)} makes a state_dict.
     *
     * @throws ResidualException when the naming has no names for this network
     */
    public void writePytorch(Path file, Naming naming) {
        if (naming == Naming.ARTICLE && card.architecture().shortcut() != ShortcutKind.ARTICLE) {
            throw new ResidualException("the article's names are for the article's network, and this is "
                    + card.architecture().name());
        }
        AtomicFile.write(file, out -> PytorchWriter.write(this, naming, out));
    }

    /**
     * @throws ResidualException when the file cannot be read, says nothing of itself, or its tensors are not those of the
     *     architecture that it names
     */
    public static ModelFile read(Path file) {
        return of(Safetensors.read(file), file.toString());
    }

    /**
     * The same from a stream, which is read to its end.
     *
     * @param name begins the sentence of an error
     */
    public static ModelFile read(InputStream in, String name) {
        return of(Safetensors.read(in, name), name);
    }

    private static ModelFile of(Safetensors content, String file) {
        Card card = card(content, file)
                .orElseThrow(
                        () -> new ResidualException(file + ": holds tensors, but does not say of which network (no '"
                                + CARD + "' in its metadata); 'residual import' makes a model of them"));
        ModelFile model = new ModelFile(card, content.tensors());
        model.check(file);
        return model;
    }

    /** What the file says of itself, if this program wrote it. */
    static Optional<Card> card(Safetensors content, String file) {
        return Optional.ofNullable(content.metadata().get(CARD))
                .map(text -> Json.read(text, Card.class, file + ": metadata"));
    }

    private void check(String file) {
        List<Parameter> expected = network().parameters();
        for (Parameter p : expected) {
            NamedTensor tensor = tensors.get(p.name());
            if (tensor == null || !tensor.dtype().equals("F32") || !Arrays.equals(tensor.shape(), p.shape())) {
                String found = tensor == null ? "is missing" : "is " + tensor.dtype() + Arrays.toString(tensor.shape());
                throw new ResidualException(
                        file + ": tensor '" + p.name() + "' " + found + ", expected F32" + Arrays.toString(p.shape())
                                + " for " + card.architecture().name());
            }
        }
        if (tensors.size() > expected.size()) {
            Map<String, NamedTensor> left = new LinkedHashMap<>(tensors);
            expected.forEach(p -> left.remove(p.name()));
            throw new ResidualException(
                    file + ": tensor '" + left.keySet().iterator().next() + "' has no place in "
                            + card.architecture().name());
        }
    }

    /** The same model, with one more entry in its provenance. */
    public ModelFile with(String key, String value) {
        Map<String, String> provenance = new TreeMap<>(card.provenance());
        provenance.put(key, value);
        return new ModelFile(
                new Card(card.format(), card.architecture(), card.classes(), card.normalization(), provenance),
                tensors);
    }

    public ResNet network() {
        return ResNet.of(card.architecture());
    }

    /** The numbers as tensors; the caller closes them. */
    public State state(Device device) {
        return new State(network().parameters(), p -> tensors.get(p.name()).floats(), device);
    }
}
