package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.data.Dataset;
import dev.residual.data.Shapes;
import dev.residual.model.Architecture;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingTest {
    @TempDir
    Path folder;

    /** Ten classes, so 10 % is chance; the untrained net is there, and 240 minibatches get far from it. */
    @Test
    void aSmallResNetLearnsShapes() {
        Dataset shapes = Shapes.generate(1);
        Recipe recipe = Recipe.paper(Architecture.of("resnet8")).withIterations(240);
        RunConfig.Data data = new RunConfig.Data("shapes", "nowhere", 0, shapes.sha256());
        RunConfig config =
                new RunConfig(Architecture.of("resnet8"), recipe, data, 1, 2, Precision.FP32, "cpu", 1000, Map.of());
        RunDirectory run = new RunDirectory(folder);
        new TrainingRun(run, config, shapes, () -> false).run(Optional.empty(), new TrainingListener() {});
        List<Metrics> rows = new MetricsFile(run.metrics()).read();
        assertThat(rows.get(0).testAccuracy()).isLessThan(20);
        assertThat(rows.get(rows.size() - 1).testAccuracy()).isGreaterThan(35);
        assertThat(rows.get(rows.size() - 1).trainLoss()).isLessThan(rows.get(1).trainLoss());
    }

    /** JavaCPP counts the native objects that Java owns: none may be left behind by a step or an evaluation. */
    @Test
    void nativeMemoryIsFlat() {
        long[] counts = new long[60];
        RunConfig config = TinyRun.config(TinyRun.recipe(Map.of("iterations", 60)), 10, 7);
        TinyRun.of(config, folder, () -> false).run(Optional.empty(), new TrainingListener() {
            @Override
            public void onStep(Progress progress, double learningRate) {
                counts[(int) progress.iteration() - 1] = Pointer.totalCount();
            }
        });
        assertThat(counts[59]).isEqualTo(counts[19]).isPositive();
    }

    @Test
    void heldOutImagesAreNeitherTrainedOnNorLost() {
        Split split = Split.of(TinyRun.DATA, 10, 1);
        assertThat(split.train().size()).isEqualTo(50);
        assertThat(split.validation().size()).isEqualTo(10);
        long all = sum(TinyRun.DATA.train().pixels());
        assertThat(sum(split.train().pixels()) + sum(split.validation().pixels()))
                .isEqualTo(all);
        assertThat(Split.of(TinyRun.DATA, 10, 1).validation().pixels())
                .isEqualTo(split.validation().pixels());
        assertThat(Split.of(TinyRun.DATA, 10, 2).validation().pixels())
                .isNotEqualTo(split.validation().pixels());
    }

    private static long sum(byte[] bytes) {
        long sum = 0;
        for (byte b : bytes) {
            sum += b & 0xff;
        }
        return sum;
    }
}
