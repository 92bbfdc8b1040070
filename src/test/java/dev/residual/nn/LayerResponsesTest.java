package dev.residual.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.residual.graph.Graph;
import dev.residual.graph.Parameter;
import dev.residual.nn.LayerResponses.Response;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Responses against those of {@link TorchNet}, of images that come in two parts. */
class LayerResponsesTest {
    @ParameterizedTest
    @EnumSource(names = {"A", "B", "NONE"})
    void eachLayerBeforeReluAndAddition(Shortcut shortcut) {
        Engine.start();
        Architecture network = Architecture.of("resnet14")
                .withShortcut(shortcut)
                .withWidths(List.of(8, 16, 32))
                .withClasses(4);
        Graph graph = network.graph();
        RandomWeights random = new RandomWeights(1);
        Map<String, float[]> values = new HashMap<>();
        graph.parameters().forEach(p -> values.put(p.name(), random.of(p)));
        torch.manual_seed(4);
        try (Scope scope = Scope.noGrad();
                Weights weights = new Weights(graph, (Parameter p) -> values.get(p.name()), Device.CPU);
                LayerResponses responses = new LayerResponses(graph, weights)) {
            Tensor images = torch.randn(7, 3, 32, 32);
            TorchNet net = new TorchNet(network, p -> values.get(p.name()), false);
            net.logits(images);
            responses.add(images.slice(0, new LongOptional(0), new LongOptional(4), 1));
            responses.add(images.slice(0, new LongOptional(4), new LongOptional(7), 1));

            assertThat(responses.responses()).hasSize(13);
            for (Response r : responses.responses()) {
                double expected = net.deviations().get(r.layer().replace("conv", "bn"));
                assertThat(r.deviation()).as(r.layer()).isCloseTo(expected, within(1e-4 * expected));
            }
        }
    }
}
