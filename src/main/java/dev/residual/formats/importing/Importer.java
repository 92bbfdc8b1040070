package dev.residual.formats.importing;

import dev.residual.Digests;
import dev.residual.FileKind;
import dev.residual.ResidualException;
import dev.residual.Text;
import dev.residual.data.Normalization;
import dev.residual.formats.Naming;
import dev.residual.formats.pytorch.PytorchFile;
import dev.residual.formats.safetensors.Safetensors;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.graph.Parameter;
import dev.residual.model.Model;
import dev.residual.model.Model.Card;
import dev.residual.model.ModelFile;
import dev.residual.model.Provenance;
import dev.residual.model.Software;
import dev.residual.nn.Architecture;
import dev.residual.nn.Shortcut;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Weights from other projects: reads a file, finds out which network its tensors are of, and what goes where. */
public final class Importer {
    private static final String SAFETENSORS = "safetensors";

    /** What may stand before every name: each is tried, over all tensors. */
    private static final int MAX_WRAPPERS = 8;

    private final Path file;

    /** How the names of a file were understood. */
    public enum Match {
        COMMON("the common names"),
        ARTICLE("the article's names"),
        ORDER("order and shape");

        private final String words;

        Match(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** The tensors of a file, whoever wrote it. */
    private record Content(
            String layout,
            String key,
            List<String> candidates,
            Map<String, NamedTensor> tensors,
            Optional<Card> card) {}

    /**
     * What an import came to.
     *
     * @param layout of the file: PyTorch zip, PyTorch legacy or safetensors
     * @param key of the checkpoint under which the weights were, or empty
     * @param candidates the keys under which there were weights
     * @param places our names, and the file's names for them, fit for one line
     * @param tensors by our names, as F32
     * @param card what the file says of itself, where this program wrote it
     */
    public record Imported(
            Path file,
            String layout,
            String key,
            List<String> candidates,
            Match match,
            Architecture architecture,
            Map<String, String> places,
            Map<String, NamedTensor> tensors,
            Optional<Card> card) {
        /** The shape of one of our names, such as {@code [16×3×3×3]}. */
        public String shape(String name) {
            return Placement.size(tensors.get(name).shape());
        }

        /**
         * A model of it, whose provenance says where the weights are from.
         *
         * @throws ResidualException when a weight is NaN or infinite
         */
        public Model model(List<String> classes, Normalization normalization, Software software) {
            Provenance.Imported from = new Provenance.Imported(
                    file.getFileName().toString(), Digests.sha256(file), layout, key, match.toString());
            Provenance provenance =
                    card.map(Card::provenance).orElse(Provenance.UNKNOWN).withImported(software, from);
            Model model = new Model(new Card(architecture, classes, normalization, provenance), tensors);
            model.requireFinite(file.toString());
            return model;
        }
    }

    private Importer(Path file) {
        this.file = file;
    }

    /**
     * @param asked the network that the tensors are said to be of, whatever its number of classes; by default that of our
     *     own model card, or what the tensors tell
     * @param key of the checkpoint under which the weights are; by default the usual one
     * @throws ResidualException when the file is damaged or holds what is not read, or when its tensors do not fit; the
     *     sentence then lists those that are missing, left over or of another shape
     */
    public static Imported read(Path file, Optional<Architecture> asked, Optional<String> key) {
        return new Importer(file).imported(asked, key);
    }

    private Imported imported(Optional<Architecture> asked, Optional<String> key) {
        Content content = content(key);
        Map<String, NamedTensor> floats = new LinkedHashMap<>(content.tensors());
        floats.values().removeIf(tensor -> !tensor.isFloat()); // the others count batches
        floats = withoutPrefix(floats);
        Map<String, String> names = new LinkedHashMap<>();
        List<String> leftOver = new ArrayList<>();
        for (String name : floats.keySet()) {
            String ours = Naming.ours(name);
            if (!Naming.isOurs(ours) || names.putIfAbsent(ours, name) != null) {
                leftOver.add(name);
            }
        }
        boolean known = !names.isEmpty() && names.size() >= leftOver.size();
        if (!known && content.layout().equals(SAFETENSORS) && isSorted(floats)) {
            throw new ResidualException(file + ": its names are not known, and its tensors are sorted by name, so that"
                    + " their order does not tell either; expected names such as layer1.0.conv1.weight");
        }
        Match match = Match.ORDER;
        if (known) {
            match = names.values().iterator().next().startsWith("ResNetModule") ? Match.ARTICLE : Match.COMMON;
        }
        Optional<Architecture> told = asked.or(() -> content.card().map(Card::architecture));
        Placement placement = place(told, floats, names, leftOver, known);
        Map<String, String> places = new LinkedHashMap<>();
        Map<String, NamedTensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<Parameter, String> place : placement.places().entrySet()) {
            String ours = place.getKey().name();
            NamedTensor tensor = floats.get(place.getValue());
            places.put(ours, Text.printable(place.getValue()));
            tensors.put(ours, tensor.dtype().equals("F32") ? tensor : NamedTensor.of(tensor.floats(), tensor.shape()));
        }
        return new Imported(
                file,
                content.layout(),
                content.key(),
                content.candidates(),
                match,
                placement.architecture(),
                places,
                tensors,
                content.card());
    }

    private Placement place(
            Optional<Architecture> asked,
            Map<String, NamedTensor> floats,
            Map<String, String> names,
            List<String> leftOver,
            boolean known) {
        Architecture inferred = null;
        try {
            inferred = known
                    ? ArchitectureInference.byName(ours(names, floats))
                    : ArchitectureInference.byOrder(floats.values());
        } catch (ResidualException e) {
            if (asked.isEmpty()) {
                throw new ResidualException(
                        file + ": its tensors are of no network of this family: " + e.getMessage(), e);
            }
        }
        Architecture wanted = inferred;
        if (asked.isPresent()) {
            int classes = inferred == null ? asked.get().classes() : inferred.classes();
            wanted = asked.get().withClasses(classes);
        }
        Placement placement = place(wanted, floats, names, leftOver, known);
        if (placement.fits()) {
            return placement;
        }
        if (inferred != null
                && !inferred.equals(wanted)
                && place(inferred, floats, names, leftOver, known).fits()) {
            throw new ResidualException(file + ": " + wanted.name() + " was asked for, but its tensors are those of "
                    + described(inferred));
        }
        throw new ResidualException(file + ": its tensors do not fit " + described(wanted) + " by "
                + (known ? "name" : "order and shape") + ": " + String.join(", ", placement.problems()));
    }

    private static Placement place(
            Architecture architecture,
            Map<String, NamedTensor> floats,
            Map<String, String> names,
            List<String> leftOver,
            boolean known) {
        return known
                ? Placement.byName(architecture, names, leftOver, floats)
                : Placement.byOrder(architecture, floats);
    }

    private static String described(Architecture a) {
        return a.name() + (a.shortcut() == Shortcut.A ? " (shortcut A, or none)" : "") + " with " + a.classes()
                + " classes";
    }

    private static Map<String, NamedTensor> ours(Map<String, String> names, Map<String, NamedTensor> tensors) {
        Map<String, NamedTensor> ours = new LinkedHashMap<>();
        names.forEach((our, name) -> ours.put(our, tensors.get(name)));
        return ours;
    }

    /** Safetensors' own writer sorts; in a file that it wrote, order says nothing about the network. */
    private static boolean isSorted(Map<String, NamedTensor> tensors) {
        return List.copyOf(tensors.keySet())
                .equals(tensors.keySet().stream().sorted().toList());
    }

    /** Without what a wrapper puts before every name: DataParallel {@code module.}, others {@code model.}, {@code net.} … */
    private static Map<String, NamedTensor> withoutPrefix(Map<String, NamedTensor> tensors) {
        String first = tensors.isEmpty() ? "" : tensors.keySet().iterator().next();
        Map<String, NamedTensor> best = tensors;
        int dot = first.indexOf('.');
        for (int wrappers = 1; dot >= 0 && wrappers <= MAX_WRAPPERS; wrappers++) {
            String prefix = first.substring(0, dot + 1);
            dot = first.indexOf('.', dot + 1);
            if (!tensors.keySet().stream().allMatch(name -> name.startsWith(prefix))) {
                break;
            }
            Map<String, NamedTensor> shorter = new LinkedHashMap<>();
            tensors.forEach((name, tensor) -> shorter.put(name.substring(prefix.length()), tensor));
            best = known(shorter) > known(best) ? shorter : best;
        }
        return best;
    }

    private static long known(Map<String, NamedTensor> tensors) {
        return tensors.keySet().stream()
                .filter(name -> Naming.isOurs(Naming.ours(name)))
                .count();
    }

    private Content content(Optional<String> key) {
        FileKind.of(file); // refuses what is a pointer or a page
        if (!isSafetensors()) {
            PytorchFile content = PytorchFile.read(file, key);
            return new Content(
                    "PyTorch " + content.layout(),
                    content.key(),
                    content.candidates(),
                    content.tensors(),
                    Optional.empty());
        }
        if (key.isPresent()) {
            throw new ResidualException(file + ": a safetensors file has no keys, so there is no '" + key.get() + "'");
        }
        Safetensors content = Safetensors.read(file);
        return new Content(SAFETENSORS, "", List.of(), content.tensors(), ModelFile.card(content, file.toString()));
    }

    /** Its header is a JSON object behind eight bytes; PyTorch's files never have a brace there. */
    private boolean isSafetensors() {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] start = in.readNBytes(Long.BYTES + 1);
            return start.length == Long.BYTES + 1 && start[Long.BYTES] == '{'
                    || file.toString().endsWith("." + SAFETENSORS);
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }
}
