package dev.residual.evaluate;

import dev.residual.AtomicFile;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.data.ImageSet;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * An image whose class was not found.
 *
 * @param image its file name, or its index in the data set
 * @param actual its class
 * @param predicted the predicted class
 * @param probability of {@code predicted}, 0-1
 */
public record Misclassified(String image, String actual, String predicted, float probability) {
    /** In the order of the images. */
    public static List<Misclassified> of(Evaluation evaluation, ImageSet images, List<String> classes) {
        return IntStream.range(0, evaluation.images())
                .filter(i -> evaluation.labels()[i] != evaluation.predicted()[i])
                .mapToObj(i -> new Misclassified(
                        images.name(i),
                        classes.get(evaluation.labels()[i]),
                        classes.get(evaluation.predicted()[i]),
                        evaluation.confidence()[i]))
                .toList();
    }

    /** @throws ResidualException when it is not clear in which form a file of that name would be */
    public static void requireForm(Path file) {
        ResidualException.require(
                isJson(file) || isCalled(file, ".csv"), file + ": expected a file called .csv or .json");
    }

    private static boolean isJson(Path file) {
        return isCalled(file, ".json");
    }

    private static boolean isCalled(Path file, String ending) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(ending);
    }

    /** Writes CSV or JSON, by the ending of the file's name. */
    public static void write(List<Misclassified> images, Path file) {
        String text = isJson(file) ? Json.pretty(images) + "\n" : csv(images);
        AtomicFile.write(file, text);
    }

    private static String csv(List<Misclassified> images) {
        StringBuilder csv = new StringBuilder("image,actual,predicted,probability\n");
        for (Misclassified m : images) {
            csv.append(String.format(
                    Locale.ROOT,
                    "%s,%s,%s,%.6f\n",
                    field(m.image),
                    field(m.actual),
                    field(m.predicted),
                    m.probability));
        }
        return csv.toString();
    }

    private static String field(String text) {
        return text.matches("[^,\"\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
