package dev.residual.formats.pytorch;

import dev.residual.AtomicFile;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.graph.Shape;
import dev.residual.model.Model.Card;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A network's input format, as a JSON file beside weights that cannot hold it. In PyTorch {@code (x / 255
 * - torch.tensor(mean)) / torch.tensor(std)} does it for images of bytes, N×C×H×W.
 *
 * @param architecture by its name
 * @param size C, H and W of an image
 * @param channels their order
 * @param normalization the formula, in words
 * @param mean C×1×1, or C×H×W where each pixel has a mean of its own
 * @param std C×1×1
 * @param classes names in the order of the logits
 */
record InputContract(
        String architecture,
        int[] size,
        String channels,
        String normalization,
        float[][][] mean,
        float[][][] std,
        List<String> classes) {
    /** The largest file that is read to see whether it is one of these. */
    private static final long MAX_FILE = 1 << 20;

    static InputContract of(Card card) {
        Normalization n = card.normalization();
        int area = n.side().orElse(1);
        Shape images = card.architecture().graph().input();
        float[][][] mean = new float[ImageSet.CHANNELS][area][area];
        float[][][] std = new float[ImageSet.CHANNELS][1][1];
        for (int c = 0; c < ImageSet.CHANNELS; c++) {
            std[c][0][0] = n.std()[c];
            for (int y = 0; y < area; y++) {
                for (int x = 0; x < area; x++) {
                    mean[c][y][x] = n.meanAt(c, y, x);
                }
            }
        }
        return new InputContract(
                card.architecture().name(),
                new int[] {images.channels(), images.height(), images.width()},
                "RGB",
                "(value / 255 - mean) / std",
                mean,
                std,
                card.classes());
    }

    /** Where it lies: {@code resnet20.json} beside {@code resnet20.pth}. */
    static Path beside(Path weights) {
        String name = weights.getFileName().toString();
        return weights.resolveSibling(name.replaceFirst("\\.(pth|pt|th)$", "") + ".json");
    }

    /** @throws ResidualException when there is a file of that name that is something else */
    static void requireFree(Path file) {
        try {
            if (Files.exists(file)) {
                String text = Files.size(file) > MAX_FILE ? "" : Files.readString(file, StandardCharsets.ISO_8859_1);
                Json.read(text, InputContract.class, "");
            }
        } catch (IOException | ResidualException e) {
            throw new ResidualException(
                    file + " would be overwritten by the input description: choose another --output", e);
        }
    }

    void write(Path file) {
        AtomicFile.write(file, Json.pretty(this));
    }

    /** For people, on one line. */
    String sentence() {
        String shape = size[0] + "×" + size[1] + "×" + size[2];
        String subtracted = mean[0].length > 1 ? "the per-pixel mean (" + shape + ")" : "mean " + list(mean);
        return shape + " " + channels + ", value / 255, minus " + subtracted + ", divided by std " + list(std);
    }

    private static String list(float[][][] channels) {
        return Arrays.stream(channels)
                .map(c -> String.format(Locale.ROOT, "%.4f", c[0][0]))
                .collect(Collectors.joining(", "));
    }
}
