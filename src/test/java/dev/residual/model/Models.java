package dev.residual.model;

import dev.residual.data.Normalization;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.graph.Parameter;
import dev.residual.model.Model.Card;
import dev.residual.nn.Architecture;
import dev.residual.nn.RandomWeights;
import dev.residual.recipe.Recipe;
import dev.residual.tensor.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Models for tests. */
public final class Models {
    private static final Software SOFTWARE = new Software("1", "2", "3", "4", "5", "6");

    private Models() {}

    /** Of {@link RandomWeights}. */
    public static Model random(Architecture a, Normalization normalization, long seed) {
        RandomWeights random = new RandomWeights(seed);
        return of(a, normalization, p -> NamedTensor.of(random.of(p), p.sizes()));
    }

    /** As if it had been trained for 1,234 iterations. */
    public static Model of(Architecture a, Normalization normalization, Function<Parameter, NamedTensor> values) {
        Map<String, NamedTensor> tensors = new LinkedHashMap<>();
        a.graph().parameters().forEach(p -> tensors.put(p.name(), values.apply(p)));
        List<String> classes =
                IntStream.range(0, a.classes()).mapToObj(c -> "class " + c).toList();
        Provenance.Training training = new Provenance.Training(
                new Provenance.Data("tiny", 10, 0, OptionalDouble.empty(), Map.of()),
                Recipe.article(),
                7,
                1,
                Precision.FP32,
                1_234,
                1_234,
                OptionalDouble.empty());
        return new Model(new Card(a, classes, normalization, Provenance.of(SOFTWARE, training, List.of())), tensors);
    }
}
