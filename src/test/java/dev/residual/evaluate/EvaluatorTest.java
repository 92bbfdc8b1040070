package dev.residual.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.model.Model;
import dev.residual.model.Models;
import dev.residual.nn.Architecture;
import dev.residual.nn.TorchNet;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.List;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a plain reference: PyTorch's operations in double, image by image or batch by batch, and the sums by hand. */
class EvaluatorTest {
    private static final int IMAGES = 37;
    private static final int CLASSES = 5;
    private static final float[] MEAN = {0.5f, 0.4f, 0.3f};
    private static final float[] DEVIATION = {0.2f, 0.25f, 0.3f};
    private static final Model MODEL = Models.random(
            Architecture.of("resnet8").withWidths(List.of(4, 8, 8)).withClasses(CLASSES),
            new Normalization(Normalization.Kind.CHANNEL, MEAN, DEVIATION),
            3);

    @BeforeAll
    static void start() {
        Engine.start(2);
    }

    private static ImageSet images() {
        byte[] pixels = new byte[IMAGES * ImageSet.BYTES];
        short[] labels = new short[IMAGES];
        Random random = new Random(4);
        random.nextBytes(pixels);
        for (int i = 0; i < IMAGES; i++) {
            labels[i] = (short) random.nextInt(CLASSES);
        }
        return new ImageSet(pixels, labels);
    }

    /** @param batch images by whose statistics BN normalises; 0 for the running ones */
    @ParameterizedTest
    @CsvSource({"onednn, 0", "onednn, 8", "libtorch, 0", "libtorch, 8"})
    void classesConfidencesAndLossAreThoseOfThePlainComputation(String backend, int batch) {
        ImageSet images = images();
        Evaluator evaluator = Evaluator.of(MODEL, new Evaluator.Compute(Precision.FP32, Device.CPU, backend));
        Evaluation actual =
                batch == 0 ? evaluator.evaluate(images) : evaluator.evaluateByBatchStatistics(images, batch);
        double loss = 0;
        int correct = 0;
        int step = batch == 0 ? 1 : batch;
        for (int from = 0; from < IMAGES; from += step) {
            double[][] logits = reference(images, from, Math.min(IMAGES, from + step), batch > 0);
            for (int i = 0; i < logits.length; i++) {
                int label = images.label(from + i);
                double sum = 0;
                int best = 0;
                for (int c = 0; c < CLASSES; c++) {
                    sum += Math.exp(logits[i][c]);
                    best = logits[i][c] > logits[i][best] ? c : best;
                }
                loss += Math.log(sum) - logits[i][label];
                correct += best == label ? 1 : 0;
                assertThat(actual.labels()[from + i]).isEqualTo(label);
                assertThat(actual.predicted()[from + i])
                        .as("image " + (from + i))
                        .isEqualTo(best);
                assertThat((double) actual.confidence()[from + i])
                        .isCloseTo(Math.exp(logits[i][best]) / sum, within(1e-4));
            }
        }
        assertThat(actual.loss()).isCloseTo(loss / IMAGES, within(1e-4));
        assertThat(actual.correct()).isEqualTo(correct);
    }

    private static double[][] reference(ImageSet images, int from, int to, boolean byBatch) {
        int n = to - from;
        float[] x = new float[n * ImageSet.BYTES];
        int plane = ImageSet.BYTES / ImageSet.CHANNELS;
        for (int i = 0; i < x.length; i++) {
            int image = from + i / ImageSet.BYTES;
            int c = i / plane % ImageSet.CHANNELS;
            int value = images.pixels()[image * ImageSet.BYTES + i % plane * ImageSet.CHANNELS + c] & 0xff; // H×W×C
            x[i] = (value / 255f - MEAN[c]) / DEVIATION[c];
        }
        try (Scope scope = Scope.noGrad()) {
            TorchNet torch = new TorchNet(MODEL.architecture(), p -> MODEL.floats(p.name()), byBatch);
            Tensor logits = torch.logits(Tensors.of(x, n, ImageSet.CHANNELS, 32, 32));
            double[][] rows = new double[n][CLASSES];
            for (int i = 0; i < n; i++) {
                for (int c = 0; c < CLASSES; c++) {
                    rows[i][c] = logits.select(0, i).select(0, c).item_double();
                }
            }
            return rows;
        }
    }
}
