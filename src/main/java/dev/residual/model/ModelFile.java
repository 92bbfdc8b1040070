package dev.residual.model;

import dev.residual.AtomicFile;
import dev.residual.FileKind;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.formats.safetensors.Safetensors;
import dev.residual.model.Model.Card;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model as a file: safetensors whose tensors have the public names of PyTorch's CIFAR ResNets, and whose metadata say
 * what they are.
 */
public final class ModelFile {
    private static final String CARD = "residual";
    private static final int FORMAT = 2;

    private ModelFile() {}

    /** Writes the file's bytes; the same content gives the same bytes. */
    public static void write(Model model, OutputStream out) throws IOException {
        // PyTorch's loaders look for this key.
        Map<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
        metadata.put(CARD, text(model.card()));
        new Safetensors(metadata, model.tensors()).write(out);
    }

    public static void write(Model model, Path file) {
        AtomicFile.write(file, out -> write(model, out));
    }

    /** A model card as JSON. */
    public static String text(Card card) {
        return Json.compact(Json.versioned(card, FORMAT));
    }

    /**
     * @throws ResidualException when the file cannot be read, says nothing of itself, or its tensors are not those of the
     *     architecture that it names
     */
    public static Model read(Path file) {
        if (FileKind.of(file) == FileKind.PYTORCH) {
            throw new ResidualException(file + " is " + FileKind.PYTORCH + ", not a safetensors file:"
                    + " 'residual import' makes a model file of it");
        }
        return of(Safetensors.read(file), file.toString());
    }

    /**
     * The same from a stream, which is read to its end.
     *
     * @param name for error messages
     */
    public static Model read(InputStream in, String name) {
        return of(Safetensors.read(in, name), name);
    }

    private static Model of(Safetensors content, String file) {
        Card card = card(content, file)
                .orElseThrow(
                        () -> new ResidualException(file + ": holds tensors, but does not say of which network (no '"
                                + CARD + "' in its metadata); 'residual import' makes a model of them"));
        try {
            return new Model(card, content.tensors());
        } catch (ResidualException e) {
            throw new ResidualException(file + ": " + e.getMessage(), e);
        }
    }

    /** The file's model card, if this program wrote it. */
    public static Optional<Card> card(Safetensors content, String file) {
        return Optional.ofNullable(content.metadata().get(CARD))
                .map(text ->
                        Json.readVersioned(text, Card.class, file + ": metadata", List.of(CardMigration::toFormat2)));
    }
}
