package dev.residual.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.graph.Shape;
import dev.residual.model.Software;
import dev.residual.nn.Architecture;
import dev.residual.recipe.ClassWeights;
import dev.residual.recipe.Recipe;
import dev.residual.tensor.Precision;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class RunOptionsTest {
    @Test
    void aRunOnAFolderIsNamedByAllItsOptions() {
        Architecture resnet20 = Architecture.of("resnet20");
        Recipe.Images images = Recipe.paper(resnet20).images();
        Recipe recipe = Recipe.paper(resnet20)
                .withImages(new Recipe.Images(
                        images.batchSize(),
                        images.shuffle(),
                        images.augmentation(),
                        images.normalization(),
                        ClassWeights.BALANCED));
        RunConfig config = new RunConfig(
                resnet20.withImage(new Shape(3, 48, 48)).withClasses(5),
                2,
                recipe,
                new RunConfig.Data("folder", "my pictures", 0, OptionalDouble.of(0.25), Map.of("a.png", "0123")),
                1,
                new RunConfig.Compute(2, Precision.FP32, "cpu", "auto"),
                new RunConfig.Keep(100, true, false),
                new RunConfig.Made(new Software("1", "2", "3", "4", "5", "6"), "now", List.of("resnet20-paper: …")));
        assertThat(RunOptions.of(config))
                .containsEntry("image-size", "48")
                .containsEntry("test-fraction", "0.25")
                .containsEntry("freeze", "2")
                .containsEntry("class-weights", "balanced")
                .containsEntry("from", "resnet20-paper")
                .containsEntry("checkpoint-every", "100");
        assertThat(RunOptions.command(config))
                .contains("--data 'my pictures'")
                .contains("--image-size 48", " --log-steps ");
    }
}
