package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import dev.residual.data.Augmentation;
import dev.residual.data.Dataset;
import dev.residual.data.ImageSet;
import dev.residual.data.Shapes;
import dev.residual.data.Split;
import dev.residual.graph.Shape;
import dev.residual.launch.Training;
import dev.residual.model.Model;
import dev.residual.model.ModelFile;
import dev.residual.model.Provenance;
import dev.residual.nn.Architecture;
import dev.residual.nn.Shortcut;
import dev.residual.recipe.Recipe;
import dev.residual.run.Checkpoint;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.Progress;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
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
        Architecture resnet8 = Architecture.of("resnet8");
        Training.of(resnet8, shapes)
                .recipe(Recipe.paper(resnet8).withIterations(240))
                .precision("fp32")
                .output(folder.resolve("run"))
                .run();
        List<Metrics> rows = new MetricsFile(folder.resolve("run/metrics.csv")).read();
        assertThat(rows.get(0).test().accuracy()).isLessThan(20);
        assertThat(rows.get(rows.size() - 1).test().accuracy()).isGreaterThan(35);
        assertThat(rows.get(rows.size() - 1).train().loss())
                .isLessThan(rows.get(1).train().loss());
    }

    /**
     * JavaCPP counts the native objects that Java owns. One that a step, an evaluation or a checkpoint left behind would
     * make the count grow in every epoch or two; what is made once, such as what fewer threads need when another process
     * takes a core, makes it grow in a few.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void nativeMemoryIsFlat(int threads) {
        int epoch = 4; // minibatches
        long[] counts = new long[80];
        RunConfig config = TinyRun.config(TinyRun.recipe().withIterations(counts.length), 10, epoch, threads);
        TinyRun.train(config, folder, () -> false, event -> {
            if (event instanceof TrainingEvent.Stepped step) {
                counts[(int) step.progress().iteration() - 1] = Pointer.totalCount();
            }
        });
        long[] growth = IntStream.range(20, counts.length)
                .mapToLong(i -> counts[i] - counts[i - epoch])
                .sorted()
                .toArray();
        assertThat(growth[growth.length / 2])
                .as("the median growth in an epoch")
                .isLessThanOrEqualTo(0);
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

    /** Its weights, statistics and normalisation are those of the model; the last layer is, if the classes are the same. */
    @Test
    void aRunStartsFromAModel() {
        RunConfig config = TinyRun.config(TinyRun.recipe(), 0, 100);
        Model model = TinyRun.train(config, folder).model();

        Checkpoint same = new WarmStart("a", model).checkpoint(config, TinyRun.DATA.classes());
        assertThat(same.progress()).isEqualTo(Progress.start(config.recipe().schedule()));
        assertThat(same.model().card().normalization()).isEqualTo(model.card().normalization());
        model.tensors()
                .forEach(
                        (name, t) -> assertThat(same.model().tensors().get(name).floats())
                                .as(name)
                                .isEqualTo(t.floats()));
        assertThat(same.optimizer()).isNotEmpty();
        same.optimizer().values().forEach(t -> assertThat(t.floats()).containsOnly(0));

        Checkpoint named = new WarmStart("a", model).checkpoint(config, others(TinyRun.DATA.classes()));
        assertThat(named.model().tensors().get("fc.weight").floats())
                .isNotEqualTo(model.tensors().get("fc.weight").floats());

        RunConfig three = withArchitecture(config, TinyRun.ARCHITECTURE.withClasses(3));
        Checkpoint other = new WarmStart("a", model).checkpoint(three, List.of("a", "b", "c"));
        assertThat(other.model().tensors().get("fc.weight").shape()).containsExactly(3, 32);
        assertThat(other.model().tensors().get("fc.weight").floats()).doesNotContain(0);
        assertThat(other.model().tensors().get("layer3.0.conv2.weight").floats())
                .isEqualTo(model.tensors().get("layer3.0.conv2.weight").floats());
    }

    private static List<String> others(List<String> classes) {
        return classes.stream().map(name -> "other " + name).toList();
    }

    /** The first loss is the trained network's: far below that of random weights, on the very same images. */
    @Test
    void whatWasLearntIsThereAtTheFirstStep() throws IOException {
        Recipe recipe = TinyRun.recipe().withIterations(40);
        recipe = recipe.withImages(recipe.images().withShuffle(false).withAugmentation(Augmentation.NONE));
        RunConfig config = TinyRun.config(recipe, 0, 100);
        Model model = TinyRun.train(config, Files.createDirectory(folder.resolve("a")))
                .model();
        RunDirectory second = new RunDirectory(Files.createDirectory(folder.resolve("b")));
        Checkpoint trained = new WarmStart("a", model).checkpoint(config, TinyRun.DATA.classes());
        new TrainingRun(config, TinyRun.DATA, Optional.of(second), Optional.of(trained)).run(event -> {}, () -> false);
        List<String> first = Files.readAllLines(folder.resolve("a/steps.csv"));
        List<String> again = Files.readAllLines(folder.resolve("b/steps.csv"));
        assertThat(first).hasSize(41);
        assertThat(first.get(0)).isEqualTo("iteration,learning_rate,loss");
        assertThat(first.get(1)).startsWith("1,0.05,");
        assertThat(loss(again.get(1))).isLessThan(loss(first.get(1)) / 2);
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
        Optional<Trained> trained =
                TinyRun.train(TinyRun.config(TinyRun.recipe(), 0, 100), folder, () -> false, event -> {
                    if (event instanceof TrainingEvent.Warning w) {
                        warnings.add(w.sentence());
                    }
                });
        assertThat(trained).isPresent();
        assertThat(new RunDirectory(folder).model()).exists();
        assertThat(warnings).hasSize(3).allMatch(w -> w.endsWith("; the run goes on without"));
    }

    @Test
    void aRunWhoseCheckpointsCouldNotBeReadIsRefused() {
        Architecture large = Architecture.of("resnet110")
                .withShortcut(Shortcut.A)
                .withWidths(List.of(256, 512, 1024))
                .withClasses(2);
        RunConfig config = withArchitecture(TinyRun.config(TinyRun.recipe(), 0, 100), large);
        assertThatThrownBy(() -> TinyRun.train(config, folder))
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
        RunConfig config = TinyRun.config(TinyRun.recipe(), 0, 100);
        assertThatThrownBy(() -> new TrainingRun(config, empty, Optional.empty(), Optional.empty()))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("0 test images");
    }

    /** Each generation adds a line, and the model that it is written into stays readable. */
    @Test
    void fineTuningForGenerationsKeepsTheProvenanceShort() {
        RunConfig config = TinyRun.config(TinyRun.recipe(), 0, 100);
        Model model = TinyRun.train(config, folder).model();
        for (int generation = 1; generation <= 40; generation++) {
            Provenance.Training training = model.card().provenance().training().orElseThrow();
            List<String> lineage = new WarmStart("model " + generation, model).lineage();
            model = model.withProvenance(Provenance.of(TinyRun.software(), training, lineage));
        }
        List<String> lines = model.card().provenance().startedFrom();
        assertThat(lines.get(0)).startsWith("model 40: resnet8");
        assertThat(lines.get(1)).startsWith("model 39: resnet8");
        assertThat(lines).hasSize(16);
        assertThat(ModelFile.text(model.card()).length()).isLessThan(100_000);
    }

    private static RunConfig withArchitecture(RunConfig c, Architecture architecture) {
        return new RunConfig(architecture, 0, c.recipe(), c.data(), c.seed(), c.compute(), c.keep(), c.made());
    }

    /** PyTorch: "Expected more than 1 value per channel when training". */
    @Test
    void aMinibatchOfOneValuePerChannelIsRefused() {
        int side = 8;
        Architecture resnet18 = Architecture.of("resnet18").withClasses(2).withImage(new Shape(3, side, side));
        ImageSet images = new ImageSet(side, new byte[17 * 3 * side * side], new short[17], List.of());
        Dataset data = new Dataset("small", TinyRun.DATA.classes(), images, images, Map.of());
        RunConfig config = withArchitecture(TinyRun.config(TinyRun.recipe(), 0, 100), resnet18);
        assertThatThrownBy(() -> new TrainingRun(config, data, Optional.empty(), Optional.empty()))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("more than one value per channel");
        Dataset even = new Dataset("small", data.classes(), images.first(16), images, Map.of());
        assertThat(new TrainingRun(config, even, Optional.empty(), Optional.empty()).lastIteration())
                .isEqualTo(10);
        // In training mode the 17th test image, alone in its batch, would move BN's running statistics too.
        RunConfig inTrainingMode =
                config.withRecipe(config.recipe().withEvaluations(new Recipe.Evaluations(true, false)));
        assertThatThrownBy(() -> new TrainingRun(inTrainingMode, even, Optional.empty(), Optional.empty()))
                .hasMessageContaining("more than one value per channel");
    }

    @Test
    void sharedStatisticsNeedEvalMode() {
        Recipe article = Recipe.named("article", TinyRun.ARCHITECTURE);
        RunConfig config = TinyRun.config(article, 0, 100);
        assertThatThrownBy(() -> config.withCompute(new RunConfig.Compute(2, true, 1, Precision.FP32, "cpu", "auto")))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("sync-batch-norm without eval mode");
    }

    @Test
    void aRunThatDoesNotFitIntoMemoryIsRefused() {
        RunConfig config = TinyRun.config(TinyRun.recipe(), 0, 100);
        TrainingMemory memory = TrainingMemory.of(config, TinyRun.DATA);
        memory.requireRoom(1, memory.whole(), memory.heap());
        memory.requireRoom(2, 2 * memory.whole(), memory.heap());
        assertThatThrownBy(() -> memory.requireRoom(2, 2 * memory.whole() - 1, memory.heap()))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("--batch-size");
        assertThatThrownBy(() -> memory.requireRoom(1, memory.whole(), memory.heap() - 1))
                .hasMessageContaining("Java's heap");
    }

    /** Within a factor of two of what the process took: 2.7 and 1.6 GB. */
    @Test
    void memoryGrowsWithTheBatch() {
        Architecture resnet20 = Architecture.of("resnet20");
        Dataset shapes = Shapes.generate(1);
        for (Precision precision : Precision.values()) {
            Recipe recipe = Recipe.paper(resnet20);
            recipe = recipe.withImages(recipe.images().withBatchSize(1024));
            RunConfig tiny = TinyRun.config(recipe, 0, 500);
            RunConfig config =
                    withArchitecture(tiny, resnet20).withCompute(new RunConfig.Compute(2, precision, "cpu", "auto"));
            double measured = precision == Precision.FP32 ? 2.7e9 : 1.6e9;
            long whole = TrainingMemory.of(config, shapes).whole();
            assertThat((double) whole).isBetween(measured / 2, measured * 2);
            RunConfig two = config.withCompute(new RunConfig.Compute(2, false, 2, precision, "cpu", "auto"));
            assertThat(TrainingMemory.of(two, shapes).whole()).isLessThan(whole * 2 / 3);
        }
    }
}
