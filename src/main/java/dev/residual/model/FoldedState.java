package dev.residual.model;

import dev.residual.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The numbers of a network that is only read, with each BN folded into the convolution before it. */
public final class FoldedState {
    private final State state;
    private final List<Parameter> parameters = new ArrayList<>();
    private final Map<String, float[]> values = new LinkedHashMap<>();

    private FoldedState(State state) {
        this.state = state;
    }

    /**
     * For passes in {@link Pass.Mode#FOLDED}.
     *
     * @param state left as it is
     * @return on the same device; the caller closes it
     */
    public static State of(ResNet network, State state) {
        FoldedState folded = new FoldedState(state);
        folded.add(network.conv1(), network.bn1());
        for (Module module : network.body()) {
            if (module instanceof ResidualBlock block) {
                folded.add(block.conv1(), block.bn1());
                folded.add(block.conv2(), block.bn2());
                if (block.shortcut() instanceof Shortcut.Projection projection) {
                    folded.add(projection.conv(), projection.bn());
                }
            } else if (module instanceof Conv2d conv) { // the article's between stages, which no BN follows
                float[] none = new float[conv.out()];
                folded.add(conv, folded.floats(conv.name() + ".weight"), conv.bias() ? folded.biases(conv) : none);
            }
        }
        for (String name : List.of(network.fc().name() + ".weight", network.fc().name() + ".bias")) {
            folded.parameters.add(state.parameter(name));
            folded.values.put(name, folded.floats(name));
        }
        return new State(folded.parameters, p -> folded.values.get(p.name()), state.device());
    }

    private void add(Conv2d conv, BatchNorm2d bn) {
        float[] weights = floats(conv.name() + ".weight");
        FoldedConvolution both = FoldedConvolution.of(weights, conv.bias() ? biases(conv) : null, bn, this::floats);
        add(conv, both.weights(), both.biases());
    }

    private void add(Conv2d conv, float[] weights, float[] biases) {
        Parameter filters = state.parameter(conv.name() + ".weight");
        Parameter bias = new Parameter(conv.name() + ".bias", Parameter.Role.BIAS, conv.out());
        parameters.add(filters);
        parameters.add(bias);
        values.put(filters.name(), weights);
        values.put(bias.name(), biases);
    }

    private float[] biases(Conv2d conv) {
        return floats(conv.name() + ".bias");
    }

    private float[] floats(String name) {
        return Tensors.floats(state.get(name));
    }
}
