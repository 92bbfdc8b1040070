package dev.residual.nn;

import dev.residual.backend.Backend;
import dev.residual.backend.Pass.Statistics;
import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Operation.Convolution;
import dev.residual.tensor.Device;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The paper's analysis of layer responses (section 4.2, figure 7): "The responses are the outputs of each 3×3 layer, after
 * BN and before other nonlinearity (ReLU/addition)." Their standard deviation is over all images, positions and channels.
 */
public final class LayerResponses implements AutoCloseable {
    private static final int KERNEL = 3;

    private final Backend backend;
    private final Walk.Prepared network;
    private final Weights weights;

    /** By the places of the nodes whose outputs are responses. */
    private final Map<Integer, Moments> moments = new LinkedHashMap<>();

    /**
     * @param layer such as {@code layer1.0.conv1}
     * @param deviation the standard deviation
     */
    public record Response(String layer, double deviation) {}

    private static final class Moments {
        private final String layer;
        private double sum;
        private double squares;
        private long count;

        Moments(String layer) {
            this.layer = layer;
        }

        void add(Tensor values) {
            Tensor exact = values.to(ScalarType.Double);
            sum += exact.sum().item_double();
            squares += exact.mul(exact).sum().item_double();
            count += exact.numel();
        }

        Response response() {
            double mean = sum / count;
            return new Response(layer, Math.sqrt(Math.max(0, squares / count - mean * mean)));
        }
    }

    /**
     * The graph is neither folded nor fused, since the outputs would not be there otherwise.
     *
     * @param weights of the graph, on the CPU; not closed with this
     */
    public LayerResponses(Graph graph, Weights weights) {
        // libtorch's feature maps are nothing but the values; oneDNN's have zeros between them.
        backend = Backend.of("libtorch", Device.CPU, Precision.FP32);
        network = Walk.Prepared.of(graph, backend);
        this.weights = weights;
        List<List<Node>> consumers = graph.consumers();
        for (Node node : graph.nodes()) {
            boolean computed = network.liveness().computed().get(node.index());
            if (computed && node.operation() instanceof Convolution conv && conv.kernel() == KERNEL) {
                List<Node> after = consumers.get(node.index());
                boolean normalised = after.size() == 1 && after.get(0).operation() instanceof BatchNorm;
                moments.put((normalised ? after.get(0) : node).index(), new Moments(conv.name()));
            }
        }
    }

    /** @param images N×C×H×W, normalised, float32 */
    public void add(Tensor images) {
        try (Scope scope = Scope.inference()) {
            new Walk(network, weights, Statistics.RUNNING, Optional.empty()).forward(images, (node, output) -> {
                if (moments.containsKey(node.index())) {
                    moments.get(node.index()).add(output);
                }
            });
        }
    }

    /** Of each 3×3 layer, in their order. */
    public List<Response> responses() {
        return moments.values().stream().map(Moments::response).toList();
    }

    @Override
    public void close() {
        network.close();
        backend.close();
    }
}
