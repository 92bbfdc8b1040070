package dev.residual.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.residual.ResidualException;
import dev.residual.data.ImageSet;
import dev.residual.model.Model;
import dev.residual.model.Provenance;
import dev.residual.nn.Architecture;
import dev.residual.nn.Logits;
import dev.residual.picture.Photo;
import dev.residual.recipe.Recipe;
import dev.residual.tensor.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClassifierTest {
    private static final Model MODEL = TinyModel.of(1);

    private static List<Photo> photos(int n) {
        Random random = new Random(n);
        List<Photo> photos = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            byte[] pixels = new byte[ImageSet.BYTES];
            random.nextBytes(pixels);
            photos.add(new Photo(32, pixels));
        }
        return photos;
    }

    private static double probability(List<Prediction> predictions, String className) {
        return predictions.stream()
                .filter(p -> p.className().equals(className))
                .findFirst()
                .orElseThrow()
                .probability();
    }

    @AfterEach
    void oneThread() {
        Engine.start(1);
    }

    /** Against normalisation and softmax written out, around the network's own forward pass. */
    @Test
    void probabilitiesAreTheSoftmaxOfTheNetworksLogits() {
        Photo photo = photos(1).get(0);
        float[] image = new float[ImageSet.BYTES]; // C×H×W
        for (int i = 0; i < image.length; i++) {
            int channel = i / 1024;
            double value = (photo.pixels()[i % 1024 * 3 + channel] & 0xff) / 255.0;
            image[i] = (float) ((value - new double[] {.5, .4, .3}[channel]) / new double[] {.2, .25, .3}[channel]);
        }
        float[] logits = Logits.of(MODEL, image);
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit);
        }
        try (Classifier classifier = Classifier.of(MODEL)) {
            List<Prediction> predictions = classifier.classify(photo);
            assertThat(predictions)
                    .hasSize(4)
                    .isSortedAccordingTo((a, b) -> Double.compare(b.probability(), a.probability()));
            for (int c = 0; c < 4; c++) {
                assertThat(probability(predictions, "class " + c)).isCloseTo(Math.exp(logits[c]) / sum, within(1e-5));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aBatchGivesWhatItsImagesGiveOneByOne(int threads) {
        Engine.start(threads);
        List<Photo> photos = photos(250); // more than go through the network at a time
        try (Classifier classifier = Classifier.of(MODEL)) {
            List<List<Prediction>> together = classifier.classify(photos);
            assertThat(together).hasSize(250);
            for (int i = 0; i < photos.size(); i++) {
                List<Prediction> alone = classifier.classify(photos.get(i));
                for (String name : classifier.classes()) {
                    assertThat(probability(together.get(i), name)).isCloseTo(probability(alone, name), within(1e-5));
                }
            }
            assertThat(classifier.classify(List.of())).isEmpty();
        }
    }

    /** JavaCPP counts the native objects that Java owns. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5}) // a single image has convolutions of its own
    void manyThreadsAtOnceGetTheSameAndLeaveNoNativeObjectsBehind(int count)
            throws InterruptedException, ExecutionException {
        List<Photo> photos = photos(count);
        try (Classifier first = Classifier.of(MODEL)) {
            first.classify(photos); // makes what is kept for good
        }
        long before = Pointer.totalCount();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (Classifier classifier = Classifier.of(MODEL)) {
            List<List<Prediction>> expected = classifier.classify(photos);
            long loaded = Pointer.totalCount();
            List<Future<List<List<Prediction>>>> results = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                results.add(threads.submit(() -> classifier.classify(photos)));
            }
            for (Future<List<List<Prediction>>> result : results) {
                assertThat(result.get()).isEqualTo(expected);
            }
            // Each thread that was at it at the same moment made a plan of its own.
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before + 8 * (loaded - before));
        } finally {
            threads.shutdownNow();
        }
        assertThat(Pointer.totalCount()).isEqualTo(before);
    }

    /** Threads that classify while another closes: each call is answered in full, or told that it came too late. */
    @Test
    void closingWaitsForTheCallsUnderWay() throws InterruptedException, ExecutionException {
        List<Photo> photos = photos(5);
        Classifier classifier = Classifier.of(MODEL);
        List<List<Prediction>> expected = classifier.classify(photos);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> counts = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                counts.add(threads.submit(() -> {
                    for (int n = 0; ; n++) {
                        try {
                            assertThat(classifier.classify(photos)).isEqualTo(expected);
                        } catch (IllegalStateException e) {
                            return n;
                        }
                    }
                }));
            }
            Thread.sleep(50);
            classifier.close();
            for (Future<Integer> count : counts) {
                assertThat(count.get()).isNotNegative();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThatThrownBy(() -> classifier.classify(photos.get(0))).isInstanceOf(IllegalStateException.class);
        classifier.close(); // again is no harm
    }

    @Test
    void itLoadsFromFilesAndStreams(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("model.safetensors");
        MODEL.save(file);
        Photo photo = photos(1).get(0);
        try (InputStream in = Files.newInputStream(file);
                Classifier fromStream = Classifier.load(in);
                Classifier fromFile = Classifier.load(file)) {
            assertThat(fromStream.classify(photo)).isEqualTo(fromFile.classify(photo));
        }
        assertThatThrownBy(() -> Classifier.load(InputStream.nullInputStream()))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("the model: 0 bytes");
        assertThatThrownBy(() -> Classifier.builtIn("../../x"))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("no pretrained model named '../../x'");
    }

    /** By the paper's protocol to its end, and each says what it reached and on what: the paper has 91.25 and 92.49 %. */
    @ParameterizedTest
    @CsvSource({"resnet20, 91.25", "resnet32, 92"})
    void trainedModelsAreShipped(String name, double accuracy) {
        Model.Card card = BuiltInModels.read(name).card();
        Provenance.Training training = card.provenance().training().orElseThrow();
        assertThat(card.architecture()).isEqualTo(Architecture.of(name));
        assertThat(training.recipe()).isEqualTo(Recipe.paper(card.architecture()));
        assertThat(training.iteration()).isEqualTo(64_000);
        assertThat(training.data().dataset()).isEqualTo("cifar10");
        assertThat(training.testAccuracy().orElseThrow()).isGreaterThan(accuracy);
        try (Classifier classifier = Classifier.builtIn(name)) {
            assertThat(classifier.classes()).hasSize(10).contains("frog");
        }
    }
}
