package dev.residual.graph;

import dev.residual.graph.Graph.Node;
import java.util.ArrayList;
import java.util.List;

/**
 * A network's layers and their sizes, without any weights.
 *
 * @param parameters BN's running statistics are buffers and do not count
 * @param multiplyAdds of one image, in convolutions and fully connected layers
 */
public record Summary(long parameters, long multiplyAdds, List<Layer> layers) {
    /**
     * @param kind such as {@code conv 3×3}
     * @param output its shape for one image
     */
    public record Layer(String name, String kind, Shape output, long parameters, long multiplyAdds) {}

    /** All operations, those without parameters too, in the order in which an image goes through them. */
    public static Summary of(Graph graph) {
        List<Layer> layers = new ArrayList<>();
        for (Node node : graph.nodes().subList(1, graph.nodes().size())) { // the first one is the images
            Operation operation = node.operation();
            long trained = operation.parameters().stream()
                    .filter(Parameter::trained)
                    .mapToLong(Parameter::count)
                    .sum();
            layers.add(new Layer(
                    operation.name(), operation.kind(), node.shape(), trained, operation.multiplyAdds(node.shape())));
        }
        return new Summary(
                layers.stream().mapToLong(Layer::parameters).sum(),
                layers.stream().mapToLong(Layer::multiplyAdds).sum(),
                layers);
    }
}
