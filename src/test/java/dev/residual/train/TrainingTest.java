package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.data.Shapes;
import dev.residual.model.Architecture;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Precision;
import dev.residual.weights.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingTest {
    @TempDir
    Path folder;

    /** Ten classes, so 10 % is chance; the untrained net is there, and 240 minibatches get far from it. */
    @Test
    void aSmallResNetLearnsShapes() {
        Dataset shapes = Shapes.generate(1);
        Recipe recipe = Recipe.paper(Architecture.of("resnet8")).withIterations(240);
        RunConfig.Data data = new RunConfig.Data("shapes", "nowhere", 0, shapes.sha256());
        RunConfig config = new RunConfig(
                Architecture.of("resnet8"), recipe, data, 1, 2, Precision.FP32, "cpu", 1000, false, Map.of());
        RunDirectory run = new RunDirectory(folder);
        new TrainingRun(run, config, shapes, () -> false).run(Optional.empty(), new TrainingListener() {});
        List<Metrics> rows = new MetricsFile(run.metrics()).read();
        assertThat(rows.get(0).testAccuracy()).isLessThan(20);
        assertThat(rows.get(rows.size() - 1).testAccuracy()).isGreaterThan(35);
        assertThat(rows.get(rows.size() - 1).trainLoss()).isLessThan(rows.get(1).trainLoss());
    }

    /**
     * JavaCPP counts the native objects that Java owns: none may be left behind by a step or an evaluation. Other processes
     * may come and let a run make, once, what fewer threads need, so the best of three runs counts.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void nativeMemoryIsFlat(int threads) throws IOException {
        long least = Long.MAX_VALUE;
        for (int run = 0; run < 3 && least >= 40; run++) {
            least = Math.min(least, growthOver40Steps(threads, Files.createDirectory(folder.resolve("run" + run))));
        }
        assertThat(least).isLessThan(40);
    }

    private static long growthOver40Steps(int threads, Path folder) {
        long[] counts = new long[60];
        RunConfig config = TinyRun.config(TinyRun.recipe(Map.of("iterations", 60)), 10, 7, threads);
        TinyRun.of(config, folder, () -> false).run(Optional.empty(), new TrainingListener() {
            @Override
            public void onStep(Progress progress, double loss, double learningRate) {
                counts[(int) progress.iteration() - 1] = Pointer.totalCount();
            }
        });
        return counts[59] - counts[19];
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

    /** Its weights, statistics and normalisation are those of the model; the last layer is, if it fits. */
    @Test
    void aRunStartsFromAModel() {
        RunConfig config = TinyRun.config(TinyRun.recipe(Map.of()), 0, 100);
        TinyRun.of(config, folder, () -> false).run(Optional.empty(), new TrainingListener() {});
        ModelFile model = ModelFile.read(new RunDirectory(folder).model());

        Checkpoint same = Beginning.from(model, config, TinyRun.DATA.classes());
        assertThat(same.progress()).isEqualTo(Progress.start(config.recipe()));
        assertThat(same.model().card().normalization()).isEqualTo(model.card().normalization());
        model.tensors()
                .forEach(
                        (name, t) -> assertThat(same.model().tensors().get(name).floats())
                                .as(name)
                                .isEqualTo(t.floats()));
        assertThat(same.memory()).isNotEmpty();
        same.memory().values().forEach(t -> assertThat(t.floats()).containsOnly(0));

        RunConfig three =
                Json.with(config, Map.of("architecture", Json.with(TinyRun.ARCHITECTURE, Map.of("classes", 3))));
        Checkpoint other = Beginning.from(model, three, List.of("a", "b", "c"));
        assertThat(other.model().tensors().get("fc.weight").shape()).containsExactly(3, 32);
        assertThat(other.model().tensors().get("fc.weight").floats()).doesNotContain(0);
        assertThat(other.model().tensors().get("layer3.0.conv2.weight").floats())
                .isEqualTo(model.tensors().get("layer3.0.conv2.weight").floats());
    }

    /** The first loss is the trained network's: far below that of random weights, on the very same images. */
    @Test
    void whatWasLearntIsThereAtTheFirstStep() throws IOException {
        Recipe recipe = TinyRun.recipe(Map.of("iterations", 40, "shuffle", false, "augmentation", "none"));
        RunConfig config = TinyRun.config(recipe, 0, 100);
        TinyRun.of(config, Files.createDirectory(folder.resolve("a")), () -> false)
                .run(Optional.empty(), new TrainingListener() {});
        ModelFile model = ModelFile.read(new RunDirectory(folder.resolve("a")).model());
        TinyRun.of(config, Files.createDirectory(folder.resolve("b")), () -> false)
                .run(Optional.of(Beginning.from(model, config, TinyRun.DATA.classes())), new TrainingListener() {});
        List<String> first = Files.readAllLines(folder.resolve("a/steps.csv"));
        List<String> second = Files.readAllLines(folder.resolve("b/steps.csv"));
        assertThat(first).hasSize(41);
        assertThat(first.get(0)).isEqualTo("iteration,learning_rate,loss");
        assertThat(first.get(1)).startsWith("1,0.05,");
        assertThat(loss(second.get(1))).isLessThan(loss(first.get(1)) / 2);
    }

    private static double loss(String row) {
        return Double.parseDouble(row.split(",")[2]);
    }

    /** Only the metrics must be written; the rest is worth a warning. */
    @Test
    void filesThatCannotBeWrittenDoNotEndARun() throws IOException {
        for (String name : List.of("train.log", "steps.csv", "events.out.tfevents.1.residual")) {
            Files.createFile(Files.createDirectory(folder.resolve(name)).resolve("in-the-way"));
        }
        List<String> warnings = new ArrayList<>();
        Optional<Metrics> last = TinyRun.of(TinyRun.config(TinyRun.recipe(Map.of()), 0, 100), folder, () -> false)
                .run(Optional.empty(), new TrainingListener() {
                    @Override
                    public void onWarning(String sentence) {
                        warnings.add(sentence);
                    }
                });
        assertThat(last).isPresent();
        assertThat(new RunDirectory(folder).model()).exists();
        assertThat(warnings).hasSize(3).allMatch(w -> w.endsWith("; the run goes on without"));
    }

    @Test
    void aRunWhoseCheckpointsCouldNotBeReadIsRefused() {
        Architecture large = Json.with(TinyRun.ARCHITECTURE, Map.of("depth", 110, "widths", List.of(256, 512, 1024)));
        RunConfig config = Json.with(TinyRun.config(TinyRun.recipe(Map.of()), 0, 100), Map.of("architecture", large));
        TrainingRun run = TinyRun.of(config, folder, () -> false);
        assertThatThrownBy(() -> run.run(Optional.empty(), new TrainingListener() {}))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("that can be read again");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aSetWithoutImagesIsRefused() {
        Dataset empty = new Dataset(
                "empty",
                TinyRun.DATA.classes(),
                TinyRun.DATA.train(),
                TinyRun.DATA.test().first(0),
                Map.of());
        RunConfig config = TinyRun.config(TinyRun.recipe(Map.of()), 0, 100);
        assertThatThrownBy(() -> new TrainingRun(new RunDirectory(folder), config, empty, () -> false))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("0 test images");
    }

    /** Each generation adds a line, and the model that it is written into stays readable. */
    @Test
    void fineTuningForGenerationsKeepsTheProvenanceShort() {
        RunConfig config = TinyRun.config(TinyRun.recipe(Map.of()), 0, 100);
        TinyRun.of(config, folder, () -> false).run(Optional.empty(), new TrainingListener() {});
        ModelFile model = ModelFile.read(new RunDirectory(folder).model());
        for (int generation = 1; generation <= 40; generation++) {
            for (Map.Entry<String, String> entry :
                    Beginning.provenance("model " + generation, model).entrySet()) {
                model = model.with(entry.getKey(), entry.getValue());
            }
        }
        assertThat(model.card().provenance().get("from")).startsWith("model 40: resnet8");
        assertThat(model.card().provenance().get("from 2")).startsWith("model 39: resnet8");
        assertThat(model.card().provenance()).containsKey("from 16").doesNotContainKey("from 17");
        assertThat(Json.compact(model.card()).length()).isLessThan(100_000);
    }

    @Test
    void aRunThatDoesNotFitIntoMemoryIsRefused() {
        RunConfig config = TinyRun.config(TinyRun.recipe(Map.of()), 0, 100);
        TrainingMemory memory = TrainingMemory.of(config, TinyRun.DATA);
        memory.requireRoom(memory.whole(), memory.heap());
        assertThatThrownBy(() -> memory.requireRoom(memory.whole() - 1, memory.heap()))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("--batch-size");
        assertThatThrownBy(() -> memory.requireRoom(memory.whole(), memory.heap() - 1))
                .hasMessageContaining("Java's heap");
    }

    /** Within a factor of two of what the process took: 2.7 and 1.6 GB. */
    @Test
    void memoryGrowsWithTheBatch() {
        Architecture resnet20 = Architecture.of("resnet20");
        Dataset shapes = Shapes.generate(1);
        for (Precision precision : Precision.values()) {
            Recipe recipe = Json.with(Recipe.paper(resnet20), Map.of("batchSize", 1024));
            RunConfig.Data data = new RunConfig.Data("shapes", "nowhere", 0, Map.of());
            RunConfig config = new RunConfig(resnet20, recipe, data, 1, 2, precision, "cpu", 500, false, Map.of());
            double measured = precision == Precision.FP32 ? 2.7e9 : 1.6e9;
            assertThat((double) TrainingMemory.of(config, shapes).whole()).isBetween(measured / 2, measured * 2);
        }
    }
}
