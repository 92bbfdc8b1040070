package dev.residual.formats.pytorch;

import dev.residual.ResidualException;
import dev.residual.Text;
import dev.residual.pickle.Unread;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The dictionary of tensors in what {@code torch.save} saved: that object itself, or a value of a checkpoint. A checkpoint
 * may have several, such as {@code state_dict} and {@code ema_state_dict}.
 *
 * @param key of the checkpoint, two of them joined by a dot, or empty; fit for one line
 * @param tensors by name, in the order of the pickle
 * @param candidates the keys of all dictionaries among which this one was chosen
 */
record StateDict(String key, Map<String, StoredTensor> tensors, List<String> candidates) {
    /** Where checkpoints keep the weights, the usual key first; no key is a state_dict without a checkpoint. */
    private static final List<String> KEYS =
            List.of("", "state_dict", "model", "net", "model_state_dict", "network", "weights", "params");

    private static final int MAX_DEPTH = 2;

    /** What a layer cannot do without. */
    private static final Pattern WEIGHTS = Pattern.compile("(.*[._])?(weight|bias|running_mean|running_var)");

    /**
     * @param wanted the key of the one to take; without it the usual one is taken
     * @throws ResidualException when there is none, or none of that key, or it is not clear which; the sentence lists them
     */
    static StateDict of(Object saved, Optional<String> wanted, Path file) {
        if (saved instanceof Unread unread) {
            throw new ResidualException(file + ": what was saved " + unread.reason()
                    + ", which is neither a tensor nor a plain container: nothing was run; expected a state_dict");
        }
        if (!(saved instanceof Map<?, ?> checkpoint)) {
            throw new ResidualException(file + ": holds no dictionary; expected a state_dict");
        }
        Map<String, Map<?, ?>> found = new LinkedHashMap<>();
        find(checkpoint, "", 0, Collections.newSetFromMap(new IdentityHashMap<>()), found);
        List<String> candidates = large(found);
        String key = wanted.orElseGet(() -> KEYS.stream()
                .filter(candidates::contains)
                .findFirst()
                .orElse(candidates.size() == 1 ? candidates.get(0) : null));
        if (found.isEmpty()) {
            throw new ResidualException(file + ": holds no tensors by name" + instead(checkpoint)
                    + "; expected a state_dict, bare or under " + String.join(", ", KEYS.subList(1, KEYS.size())));
        }
        if (key == null) {
            throw new ResidualException(file + ": has weights under " + quoted(candidates) + ": choose with --key KEY");
        }
        if (!found.containsKey(key)) {
            throw new ResidualException(
                    file + ": holds no weights under '" + key + "', but under " + quoted(found.keySet()));
        }
        return new StateDict(
                Text.printable(key),
                tensors(found.get(key), file),
                candidates.stream().map(Text::printable).toList());
    }

    /** Each dictionary is looked at once, however often a pickle refers to it. */
    private static void find(Map<?, ?> map, String key, int depth, Set<Object> seen, Map<String, Map<?, ?>> found) {
        if (!seen.add(map)) {
            return;
        }
        if (map.values().stream().anyMatch(StoredTensor.class::isInstance)) {
            found.put(key, map);
        }
        map.forEach((name, value) -> {
            if (depth < MAX_DEPTH && name instanceof String && value instanceof Map<?, ?> inner) {
                find(inner, key.isEmpty() ? name.toString() : key + "." + name, depth + 1, seen, found);
            }
        });
    }

    /** Those with at least half as many tensors as the largest: fewer are statistics or a random state, and no network. */
    private static List<String> large(Map<String, Map<?, ?>> found) {
        Map<String, Long> counts = new LinkedHashMap<>();
        found.forEach((key, map) -> counts.put(
                key,
                map.values().stream().filter(StoredTensor.class::isInstance).count()));
        long most = counts.values().stream().mapToLong(n -> n).max().orElse(0);
        List<String> large = new ArrayList<>(counts.keySet());
        large.removeIf(key -> 2 * counts.get(key) < most);
        return large;
    }

    /** What is where weights could be: a whole pickled network, say. */
    private static String instead(Map<?, ?> checkpoint) {
        return checkpoint.entrySet().stream()
                .filter(e -> e.getValue() instanceof Unread)
                .sorted(Comparator.comparing(e -> !KEYS.contains(e.getKey())))
                .map(e ->
                        ", and its '" + Text.printable(e.getKey().toString()) + "' " + ((Unread) e.getValue()).reason())
                .findFirst()
                .orElse("");
    }

    private static Map<String, StoredTensor> tensors(Map<?, ?> map, Path file) {
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            String name = key.toString();
            String shown = file + ": its '" + Text.printable(name) + "' ";
            if (value instanceof StoredTensor tensor) {
                String problem = tensor.problem();
                if (problem != null) {
                    throw new ResidualException(shown + problem);
                }
                tensors.put(name, tensor);
            } else if (value instanceof Unread unread && WEIGHTS.matcher(name).matches()) {
                throw new ResidualException(shown + unread.reason() + ", which is not read: expected a tensor");
            }
        });
        return tensors;
    }

    private static String quoted(Iterable<String> keys) {
        List<String> quoted = new ArrayList<>();
        keys.forEach(key -> quoted.add("'" + Text.printable(key) + "'"));
        return quoted.stream().collect(Collectors.joining(", "));
    }
}
