package dev.residual.formats.importing;

import dev.residual.ResidualException;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.nn.Architecture;
import dev.residual.nn.Shortcut;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which network tensors are of, told by their names and shapes. Shortcut A has no parameters, and so nothing tells it
 * from a plain network: A is what is assumed.
 */
final class ArchitectureInference {
    private static final Pattern BLOCK = Pattern.compile("layer[123]\\.(\\d{1,4})\\..+");
    private static final int DEFAULT_CLASSES = 10;

    private ArchitectureInference() {}

    /**
     * By names. What is missing is guessed, so that the error that follows can list it.
     *
     * @param tensors by our names
     * @throws ResidualException when they are of no network of this family
     */
    static Architecture byName(Map<String, NamedTensor> tensors) {
        int n = 0;
        for (String name : tensors.keySet()) {
            Matcher m = BLOCK.matcher(name);
            n = m.matches() ? Math.max(n, Integer.parseInt(m.group(1)) + 1) : n;
        }
        Shortcut shortcut = Shortcut.A;
        if (tensors.containsKey("layer2.pool.weight")) {
            shortcut = Shortcut.ARTICLE;
        } else if (tensors.containsKey("layer1.0.downsample.0.weight")) {
            shortcut = Shortcut.C;
        } else if (tensors.containsKey("layer2.0.downsample.0.weight")) {
            shortcut = Shortcut.B;
        }
        List<Integer> widths = List.of(
                first(tensors, "layer1.0.conv2.weight", 16),
                first(tensors, "layer2.0.conv2.weight", 32),
                first(tensors, "layer3.0.conv2.weight", 64));
        boolean bias = tensors.containsKey("conv1.bias") || tensors.containsKey("layer1.0.conv1.bias");
        int classes = first(tensors, "fc.weight", first(tensors, "fc.bias", DEFAULT_CLASSES));
        return new Architecture(6 * n + 2, widths, shortcut, bias, classes);
    }

    /**
     * By the shapes alone, in the order of the computation.
     *
     * @throws ResidualException when they are of no network of this family
     */
    static Architecture byOrder(Collection<NamedTensor> tensors) {
        List<long[]> main = convolutions(tensors, 3);
        int pools = convolutions(tensors, 2).size();
        int projections = convolutions(tensors, 1).size();
        int blocks = (main.size() - 1) / 2;
        if (main.size() < 7 || main.size() % 6 != 1 || !(pools == 0 || pools == 2 && projections == 0)) {
            throw new ResidualException(
                    main.size() + " convolutions of 3×3, " + pools + " of 2×2 and " + projections
                            + " of 1×1: expected 6n+1 of 3×3, none or two of 2×2, and projections around all or two of 3n blocks");
        }
        Shortcut shortcut = Shortcut.A;
        if (pools == 2) {
            shortcut = Shortcut.ARTICLE;
        } else if (projections > 0) {
            shortcut = projections == blocks ? Shortcut.C : Shortcut.B;
        }
        List<Integer> widths = List.of(
                size(main.get(0)[0]), size(main.get(1 + main.size() / 3)[0]), size(main.get(main.size() - 1)[0]));
        // Beyond BN's four vectors and the last layer's bias, are there about as many as convolutions?
        long vectors = tensors.stream().filter(t -> t.shape().length == 1).count();
        boolean bias = 2 * (vectors - 4L * (main.size() + projections) - 1) > main.size();
        int classes = tensors.stream()
                .filter(t -> t.shape().length == 2)
                .mapToInt(t -> size(t.shape()[0]))
                .findFirst()
                .orElse(DEFAULT_CLASSES);
        return new Architecture(2 * blocks + 2, widths, shortcut, bias, classes);
    }

    private static List<long[]> convolutions(Collection<NamedTensor> tensors, int kernel) {
        return tensors.stream()
                .map(NamedTensor::shape)
                .filter(s -> s.length == 4 && s[2] == kernel && s[3] == kernel)
                .toList();
    }

    private static int first(Map<String, NamedTensor> tensors, String name, int otherwise) {
        NamedTensor tensor = tensors.get(name);
        return tensor == null || tensor.shape().length == 0 ? otherwise : size(tensor.shape()[0]);
    }

    private static int size(long n) {
        return (int) Math.min(n, Integer.MAX_VALUE);
    }
}
