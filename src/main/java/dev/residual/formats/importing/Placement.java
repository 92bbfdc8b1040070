package dev.residual.formats.importing;

import dev.residual.Text;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.graph.Parameter;
import dev.residual.nn.Architecture;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which of a file's tensors goes where in a network.
 *
 * @param places the network's parameters and the file's names for them, in the order of the layers; only those that fit
 * @param problems what is missing, left over or of another shape, each with its shape; empty when the tensors fit
 */
record Placement(Architecture architecture, Map<Parameter, String> places, List<String> problems) {
    /** Problems that an error lists one by one, of each kind. */
    private static final int LISTED = 12;

    private static final Pattern PART = Pattern.compile("(.*?)[._]?(weight|bias|running_mean|running_var)");

    /**
     * By names.
     *
     * @param names the file's name of each of our names
     * @param leftOver what has no name of ours
     */
    static Placement byName(
            Architecture architecture,
            Map<String, String> names,
            List<String> leftOver,
            Map<String, NamedTensor> tensors) {
        List<Parameter> parameters = architecture.graph().parameters();
        Map<Parameter, String> proposed = new LinkedHashMap<>();
        parameters.forEach(p -> proposed.put(p, names.get(p.name())));
        Set<String> unused = new LinkedHashSet<>(names.values());
        unused.removeAll(proposed.values());
        unused.addAll(leftOver);
        return of(architecture, proposed, unused, tensors);
    }

    /**
     * By order and shape. Where names end as PyTorch's do, a layer is matched with the first layer that has the same parts
     * of the same shapes; otherwise the tensors must come exactly in our order.
     */
    static Placement byOrder(Architecture architecture, Map<String, NamedTensor> tensors) {
        boolean layers = tensors.keySet().stream().allMatch(n -> PART.matcher(n).matches());
        Map<Parameter, String> proposed = layers ? byLayer(architecture, tensors) : byPosition(architecture, tensors);
        Set<String> unused = new LinkedHashSet<>(tensors.keySet());
        unused.removeAll(proposed.values());
        return of(architecture, proposed, unused, tensors);
    }

    private static Map<Parameter, String> byPosition(Architecture architecture, Map<String, NamedTensor> tensors) {
        List<String> names = new ArrayList<>(tensors.keySet());
        Map<Parameter, String> proposed = new LinkedHashMap<>();
        for (Parameter p : architecture.graph().parameters()) {
            proposed.put(p, proposed.size() < names.size() ? names.get(proposed.size()) : null);
        }
        return proposed;
    }

    private static Map<Parameter, String> byLayer(Architecture architecture, Map<String, NamedTensor> tensors) {
        Map<String, Map<String, String>> foreign = new LinkedHashMap<>(); // layer -> part -> name
        for (String name : tensors.keySet()) {
            Matcher m = PART.matcher(name);
            m.matches();
            foreign.computeIfAbsent(m.group(1), k -> new TreeMap<>()).put(m.group(2), name);
        }
        Map<String, List<Map<String, String>>> byShapes = new HashMap<>();
        for (Map<String, String> layer : foreign.values()) {
            String shapes = layer.entrySet().stream()
                    .map(e -> e.getKey()
                            + Arrays.toString(tensors.get(e.getValue()).shape()))
                    .collect(Collectors.joining());
            byShapes.computeIfAbsent(shapes, k -> new ArrayList<>()).add(layer);
        }
        Map<Parameter, String> proposed = new LinkedHashMap<>();
        architecture.graph().nodes().forEach(node -> {
            String name = node.operation().name();
            List<Parameter> parameters = node.operation().parameters();
            Map<String, Parameter> parts = new TreeMap<>();
            parameters.forEach(p -> parts.put(p.name().substring(name.length() + 1), p));
            String shapes = parts.entrySet().stream()
                    .map(e -> e.getKey() + Arrays.toString(e.getValue().sizes()))
                    .collect(Collectors.joining());
            List<Map<String, String>> candidates = byShapes.getOrDefault(shapes, new ArrayList<>());
            Map<String, String> match = candidates.isEmpty() ? Map.of() : candidates.remove(0);
            parameters.forEach(p -> proposed.put(p, match.get(p.name().substring(name.length() + 1))));
        });
        return proposed;
    }

    private static Placement of(
            Architecture architecture,
            Map<Parameter, String> proposed,
            Set<String> unused,
            Map<String, NamedTensor> tensors) {
        List<String> missing = new ArrayList<>();
        List<String> misshapen = new ArrayList<>();
        Map<Parameter, String> places = new LinkedHashMap<>();
        proposed.forEach((p, name) -> {
            if (name == null) {
                missing.add(p.name() + " " + size(p.sizes()));
            } else if (!Arrays.equals(tensors.get(name).shape(), p.sizes())) {
                misshapen.add(
                        Text.printable(name) + " " + size(tensors.get(name).shape()) + ", expected " + size(p.sizes())
                                + (name.equals(p.name()) ? "" : " for " + p.name()));
            } else {
                places.put(p, name);
            }
        });
        List<String> problems = new ArrayList<>();
        list(problems, "missing: ", missing);
        list(
                problems,
                "left over: ",
                unused.stream()
                        .map(n -> Text.printable(n) + " " + size(tensors.get(n).shape()))
                        .toList());
        list(problems, "of another shape: ", misshapen);
        return new Placement(architecture, places, problems);
    }

    private static void list(List<String> problems, String kind, List<String> items) {
        if (!items.isEmpty()) {
            String more = items.size() > LISTED ? " and " + (items.size() - LISTED) + " more" : "";
            problems.add(kind + items.stream().limit(LISTED).collect(Collectors.joining("; ")) + more);
        }
    }

    /** {@code [16×3×3×3]}. */
    static String size(long[] shape) {
        return Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining("×", "[", "]"));
    }

    boolean fits() {
        return problems.isEmpty();
    }
}
