package dev.residual.formats.importing;

import dev.residual.ResidualException;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.graph.Parameter;
import dev.residual.nn.Activation;
import dev.residual.nn.Architecture;
import dev.residual.nn.Block;
import dev.residual.nn.Block.Layer;
import dev.residual.nn.Shortcut;
import dev.residual.nn.Stages;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which network tensors are of, told by their names and shapes. Shortcut A has no parameters, and so nothing tells it
 * from a plain network: A is what is assumed.
 */
final class ArchitectureInference {
    private static final Pattern LAYER = Pattern.compile("layer([1-9])\\.(?:(\\d{1,4})\\.(?:conv(\\d)\\.weight)?)?.*");
    private static final int DEFAULT_CLASSES = 10;

    private ArchitectureInference() {}

    /**
     * By names. What is missing is guessed, so that the error that follows can list it.
     *
     * @param tensors by our names
     * @return the network that differs in the fewest parameters; where several do, the one that is most usual
     * @throws ResidualException when they are of no network of this family
     */
    static Architecture byName(Map<String, NamedTensor> tensors) {
        List<Integer> blocks = new ArrayList<>();
        int layers = 0;
        for (String name : tensors.keySet()) {
            Matcher m = LAYER.matcher(name);
            if (m.matches()) {
                int stage = Integer.parseInt(m.group(1));
                int block = m.group(2) == null ? 0 : Integer.parseInt(m.group(2));
                while (blocks.size() < stage) {
                    blocks.add(1);
                }
                blocks.set(stage - 1, Math.max(blocks.get(stage - 1), block + 1));
                layers = m.group(3) == null ? layers : Math.max(layers, Integer.parseInt(m.group(3)));
            }
        }
        List<Layer> ofBlock = new ArrayList<>();
        for (int i = 1; i <= Math.max(layers, 1); i++) {
            String name = "layer1.0.conv" + i + ".weight";
            ofBlock.add(new Layer(at(tensors, name, 2, 3), at(tensors, name, 0, 16)));
        }
        List<Integer> channels = new ArrayList<>();
        for (int stage = 1; stage <= blocks.size(); stage++) {
            channels.add(at(
                    tensors,
                    "layer" + stage + ".0.conv1.weight",
                    0,
                    ofBlock.get(0).channels() << (stage - 1)));
        }
        Stages stages = new Stages(at(tensors, "conv1.weight", 0, ofBlock.get(0).channels()), blocks, channels);
        boolean bias = tensors.containsKey("conv1.bias") || tensors.containsKey("layer1.0.conv1.bias");
        int classes = at(tensors, "fc.weight", 0, at(tensors, "fc.bias", 0, DEFAULT_CLASSES));
        return nearest(
                tensors,
                (shortcut, activation) -> new Architecture(
                        Architecture.CIFAR, stages, new Block(ofBlock, activation), shortcut, bias, 1, classes));
    }

    /** What no parameter tells, or only their names: the shortcut, and where BN and ReLU stand. */
    private static Architecture nearest(
            Map<String, NamedTensor> tensors, BiFunction<Shortcut, Activation, Architecture> candidate) {
        Architecture nearest = null;
        long fewest = Long.MAX_VALUE;
        ResidualException problem = null;
        for (Activation activation : Activation.values()) {
            for (Shortcut shortcut : Shortcut.values()) {
                try {
                    Architecture architecture = candidate.apply(shortcut, activation);
                    long differences = differences(architecture, tensors);
                    nearest = differences < fewest ? architecture : nearest;
                    fewest = Math.min(fewest, differences);
                } catch (ResidualException e) { // this shortcut cannot go around such blocks
                    problem = problem == null ? e : problem;
                }
            }
        }
        if (nearest == null) {
            throw problem;
        }
        return nearest;
    }

    /** Parameters and buffers that only one of them has. */
    private static long differences(Architecture architecture, Map<String, NamedTensor> tensors) {
        List<Parameter> parameters = architecture.graph().parameters();
        long common =
                parameters.stream().filter(p -> tensors.containsKey(p.name())).count();
        return parameters.size() + tensors.size() - 2 * common;
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
        int n = blocks / 3;
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
        int width = widths.get(0);
        return new Architecture(
                Architecture.CIFAR,
                new Stages(width, List.of(n, n, n), widths),
                new Block(List.of(new Layer(3, width), new Layer(3, width)), Activation.ORIGINAL),
                shortcut,
                bias,
                1,
                classes);
    }

    private static List<long[]> convolutions(Collection<NamedTensor> tensors, int kernel) {
        return tensors.stream()
                .map(NamedTensor::shape)
                .filter(s -> s.length == 4 && s[2] == kernel && s[3] == kernel)
                .toList();
    }

    private static int at(Map<String, NamedTensor> tensors, String name, int dimension, int otherwise) {
        NamedTensor tensor = tensors.get(name);
        return tensor == null || tensor.shape().length <= dimension ? otherwise : size(tensor.shape()[dimension]);
    }

    private static int size(long n) {
        return (int) Math.min(n, Integer.MAX_VALUE);
    }
}
