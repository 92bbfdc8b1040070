package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.evaluate.Evaluator;
import dev.residual.launch.Training;
import dev.residual.model.Model;
import dev.residual.nn.Architecture;
import dev.residual.nn.Shortcut;
import dev.residual.recipe.Recipe;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on CIFAR, in whichever form it was found. */
class CifarRunTest {
    private static final Download.Source NOWHERE =
            new Download.Source(URI.create("http://127.0.0.1:1/cifar-100-binary.tar.gz"), 1000, "");

    @TempDir
    Path dir;

    private static Model train(Dataset dataset) {
        Architecture architecture =
                Architecture.of("resnet8").withShortcut(Shortcut.A).withWidths(List.of(16, 16, 32));
        Recipe recipe = Recipe.paper(architecture).withIterations(4);
        recipe = recipe.withImages(recipe.images().withBatchSize(16));
        return Training.of(architecture, dataset)
                .recipe(recipe)
                .threads(1)
                .precision("fp32")
                .run()
                .model();
    }

    @Test
    void theSameRunOnBothVersionsGivesTheSameModel() throws IOException {
        Cifar cifar10 = Cifar10.set(NOWHERE, TinyCifar.RECORDS);
        Path binary = TinyCifar.write(dir.resolve("binary"));
        Path python = TinyCifar.writePython(dir.resolve("python"));
        train(cifar10.load(python, (done, total) -> {})).save(dir.resolve("one"));
        train(cifar10.load(binary, (done, total) -> {})).save(dir.resolve("other"));
        assertThat(dir.resolve("one")).hasSameBinaryContentAs(dir.resolve("other"));
    }

    @Test
    void aHundredClassesAreTrainedAndEvaluated() throws IOException {
        Path folder = TinyCifar.write(dir.resolve("cifar-100-binary"), TinyCifar100.files());
        Dataset dataset = Cifar100.set(Cifar100.Labels.FINE, NOWHERE, TinyCifar100.RECORDS, TinyCifar100.RECORDS)
                .load(folder, (done, total) -> {});
        Model model = train(dataset);
        assertThat(model.card().classes()).isEqualTo(Cifar100.CLASSES);
        int[][] confusion = Evaluator.evaluate(model, dataset.test()).confusion();
        assertThat(confusion).hasDimensions(100, 100);
    }
}
