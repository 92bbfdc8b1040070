package dev.residual.formats.pytorch;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.graph.Shape;
import dev.residual.model.Model.Card;
import dev.residual.nn.Architecture;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a file of weights cannot hold, as a JSON file beside it: the network's input format, its name and its classes. In
 * PyTorch {@code (x / 255 - torch.tensor(mean)) / torch.tensor(std)} normalises images of bytes, N×C×H×W.
 *
 * @param architecture by its name
 * @param size C, H and W of an image
 * @param channels their order
 * @param normalization the formula, in words
 * @param mean C×1×1, or C×H×W where each pixel has a mean of its own
 * @param std C×1×1
 * @param classes names in the order of the logits
 */
public record InputContract(
        String architecture,
        int[] size,
        String channels,
        String normalization,
        float[][][] mean,
        float[][][] std,
        List<String> classes) {
    /** The largest file that is read: a mean for each pixel of 512×512 takes 9 MB. */
    private static final long MAX_FILE = 16 << 20;

    private static final List<String> ENDINGS = List.of("pth", "pt", "th");

    /** @throws ResidualException when the numbers are not those of a normalisation, or the images are not squares in colour */
    public InputContract {
        ResidualException.require(
                size.length == 3 && size[0] == ImageSet.CHANNELS && size[1] == size[2],
                "size " + Arrays.toString(size) + ": expected 3 channels of squares");
        normalization(mean, std);
        classes = List.copyOf(classes);
    }

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
    public static Path beside(Path weights) {
        String name = weights.getFileName().toString();
        return weights.resolveSibling(name.replaceFirst("\\.(pth|pt|th)$", "") + ".json");
    }

    /**
     * That of a file of weights; empty where there is none, or what has its name is something else.
     *
     * @param warning receives a sentence about something else
     */
    public static Optional<InputContract> of(Path weights, Consumer<String> warning) {
        Path file = beside(weights);
        try {
            return Files.exists(file) ? Optional.of(read(file)) : Optional.empty();
        } catch (IOException | ResidualException e) {
            warning.accept(file + " is ignored, since it is no input description as 'export' writes it: "
                    + ResidualException.reason(e));
            return Optional.empty();
        }
    }

    private static InputContract read(Path file) throws IOException {
        ResidualException.require(Files.size(file) <= MAX_FILE, file + ": larger than " + MAX_FILE + " bytes");
        return Json.read(Files.readString(file), InputContract.class, file.toString());
    }

    /**
     * @throws ResidualException when it would overwrite another kind of file, or the description of other weights, as of
     *     {@code resnet20.th} beside {@code resnet20.pth}
     */
    void requireFree(Path weights) {
        Path file = beside(weights);
        if (!Files.exists(file)) {
            return;
        }
        InputContract before;
        try {
            before = read(file);
        } catch (IOException | ResidualException e) {
            throw new ResidualException(
                    file + " would be overwritten by the input description: choose another --output", e);
        }
        String stem = file.getFileName().toString().replaceFirst("json$", "");
        boolean same = Json.pretty(before).equals(Json.pretty(this));
        ENDINGS.stream()
                .map(ending -> file.resolveSibling(stem + ending))
                .filter(other -> !same && !other.getFileName().equals(weights.getFileName()) && Files.exists(other))
                .findFirst()
                .ifPresent(other -> {
                    throw new ResidualException(file + " describes the inputs of " + other
                            + " too, and these are others: choose another --output");
                });
    }

    /**
     * The network for images of this size.
     *
     * @throws ResidualException when no network is for such images
     */
    public Architecture fitted(Architecture network) {
        return network.withImage(new Shape(size[0], size[1], size[2]));
    }

    public Normalization normalized() {
        return normalization(mean, std);
    }

    private static Normalization normalization(float[][][] mean, float[][][] std) {
        float[] means = flat(mean);
        float[] deviations = flat(std);
        int side = mean.length == 0 ? 0 : mean[0].length;
        boolean fits =
                means.length == ImageSet.CHANNELS * side * side && side > 0 && deviations.length == ImageSet.CHANNELS;
        for (float deviation : deviations) {
            fits &= deviation > 0 && Float.isFinite(deviation);
        }
        for (float m : means) {
            fits &= Float.isFinite(m);
        }
        ResidualException.require(
                fits, "expected a mean of C×1×1 or C×H×W finite numbers and a std of C positive ones");
        boolean none = side == 1 && Arrays.equals(means, new float[] {0, 0, 0});
        Normalization.Kind kind = side > 1
                ? Normalization.Kind.PIXEL_MEAN
                : none && Arrays.equals(deviations, new float[] {1, 1, 1})
                        ? Normalization.Kind.NONE
                        : Normalization.Kind.CHANNEL;
        return new Normalization(kind, means, deviations);
    }

    private static float[] flat(float[][][] numbers) {
        boolean whole = Stream.of(numbers)
                .allMatch(channel -> channel != null && Stream.of(channel).allMatch(Objects::nonNull));
        ResidualException.require(whole, "expected numbers for all channels");
        float[] flat = new float
                [Stream.of(numbers)
                        .flatMap(Stream::of)
                        .mapToInt(row -> row.length)
                        .sum()];
        int at = 0;
        for (float[][] channel : numbers) {
            for (float[] row : channel) {
                System.arraycopy(row, 0, flat, at, row.length);
                at += row.length;
            }
        }
        return flat;
    }

    void write(OutputStream out) throws IOException {
        out.write(Json.pretty(this).getBytes(StandardCharsets.UTF_8));
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
