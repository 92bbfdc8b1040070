package dev.residual.model;

import java.util.ArrayList;
import java.util.List;

/**
 * What a network is made of, without making it.
 *
 * @param parameters trained numbers; BN's running statistics are not counted, as is the custom
 * @param multiplyAdds of one 32×32 image, in convolutions and fully connected layers
 */
public record Summary(Architecture architecture, long parameters, long multiplyAdds, List<Layer> layers) {
    /**
     * @param output the size of what it puts out for one image
     * @param parameters trained numbers
     */
    public record Layer(String name, String kind, Shape output, long parameters, long multiplyAdds) {}

    public static Summary of(Architecture architecture) {
        List<Layer> layers = new ArrayList<>();
        ResNet.of(architecture).trace((name, kind, output, parameters, multiplyAdds) -> {
            long trained = parameters.stream()
                    .filter(Parameter::trained)
                    .mapToLong(Parameter::count)
                    .sum();
            layers.add(new Layer(name, kind, output, trained, multiplyAdds));
        });
        return new Summary(
                architecture,
                layers.stream().mapToLong(Layer::parameters).sum(),
                layers.stream().mapToLong(Layer::multiplyAdds).sum(),
                List.copyOf(layers));
    }
}
