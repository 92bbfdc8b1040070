package dev.residual.cli;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.launch.FoundModel;
import dev.residual.model.Model;
import dev.residual.picture.Photo;
import dev.residual.predict.BuiltInModels;
import dev.residual.predict.Classifier;
import dev.residual.predict.Prediction;
import java.io.File;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "predict",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = "residual predict [--top N] [--json [--features]] [MODEL] IMAGE...",
        description = {
            "Classifies pictures. Each is centre-cropped to a square and resized to the network's input size: 32×32"
                    + " pixels for CIFAR networks.",
            "",
            "MODEL is a run directory, a model file, or the name of a pretrained model ('residual models'); without it,"
                    + " " + BuiltInModels.DEFAULT
                    + " is used. The first argument is taken as an IMAGE, not MODEL, if it is '-', is a directory"
                    + " without a run in it, or ends in .jpg, .jpeg, .png, .bmp, .gif or .webp."
        })
final class PredictCommand implements Callable<Integer> {
    /** Images that are held before they are classified together and printed. */
    private static final int BATCH = 64;

    private static final int GAUGE = 20;

    private static final String TAKEN_AS_MODEL =
            " was taken as MODEL: the names of images end in .jpg, .jpeg, .png, .bmp, .gif or .webp";

    @Parameters(
            arity = "1..*",
            paramLabel = "IMAGE",
            description =
                    "JPEG, PNG, BMP, GIF or WebP files of any size, directories of them, or '-' for standard input.")
    private List<String> arguments;

    @Option(
            names = "--top",
            paramLabel = "N",
            defaultValue = "3",
            description = "The N most probable classes. Default: ${DEFAULT-VALUE}.")
    private int top;

    @Option(names = "--json", description = "Print one JSON document and nothing else.")
    private boolean json;

    @Option(
            names = "--features",
            description = "With --json: also the features, the input of the last layer; 64 values in most networks.")
    private boolean features;

    @Spec
    private CommandSpec spec;

    private final Console console = new Console();
    private final List<Named> batch = new ArrayList<>();
    private final List<Map<String, Object>> document = new ArrayList<>();
    private boolean failed;

    private record Named(String file, Photo photo) {}

    @Override
    public Integer call() {
        if (top < 1) {
            throw new ParameterException(spec.commandLine(), "--top " + top + ": expected 1 or more");
        }
        if (features && !json) {
            throw new ParameterException(spec.commandLine(), "--features are printed with --json only");
        }
        boolean named = !ImageArgument.isImage(arguments.get(0));
        List<String> images = named ? arguments.subList(1, arguments.size()) : arguments;
        if (images.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "no image: expected IMAGE after MODEL; " + arguments.get(0) + TAKEN_AS_MODEL);
        }
        try (Classifier classifier = Classifier.of(model(named))) {
            for (String image : images) {
                predict(image, classifier);
            }
            flush(classifier);
        }
        if (json) {
            System.out.println(Json.pretty(document));
        }
        return failed ? Main.FAILED : Main.OK;
    }

    private Model model(boolean named) {
        if (!named) {
            return BuiltInModels.read(BuiltInModels.DEFAULT);
        }
        String first = arguments.get(0);
        try {
            return FoundModel.find(ImageArgument.path(first), console::warn).model();
        } catch (ResidualException e) {
            File file = new File(first);
            boolean model = first.endsWith(".safetensors") || !file.getName().contains(".") || file.isDirectory();
            throw model ? e : new ResidualException(e.getMessage() + " (" + first + TAKEN_AS_MODEL + ")", e);
        }
    }

    /** Warns about a file that cannot be read, and goes on with the others. */
    private void predict(String argument, Classifier classifier) {
        try {
            for (ImageArgument.Image image : ImageArgument.expand(argument)) {
                read(image, classifier.imageSize());
                if (batch.size() == BATCH) {
                    flush(classifier);
                }
            }
        } catch (ResidualException e) {
            fail(e);
        }
    }

    private void read(ImageArgument.Image image, int side) {
        try {
            batch.add(new Named(image.name(), image.read(side)));
        } catch (ResidualException e) {
            fail(e);
        }
    }

    private void fail(ResidualException e) {
        console.warn(Console.harmless(e.getMessage()));
        failed = true;
    }

    private void flush(Classifier classifier) {
        List<Photo> photos = batch.stream().map(Named::photo).toList();
        List<List<Prediction>> predictions = classifier.classify(photos);
        List<float[]> found = features ? classifier.features(photos) : List.of();
        for (int i = 0; i < batch.size(); i++) {
            Named image = batch.get(i);
            List<Prediction> all = predictions.get(i);
            if (!Double.isFinite(all.get(0).probability())) {
                throw new ResidualException(
                        "the model computes logits for " + image.file + " that are NaN or infinite");
            }
            List<Prediction> best = all.subList(0, Math.min(top, all.size()));
            if (json) {
                Map<String, Object> entry = entry(image.file, best);
                if (features) {
                    entry.put("features", found.get(i));
                }
                document.add(entry);
            } else if (console.pictures()) {
                console.line(Console.harmless(image.file));
                console.picture(Picture.of(image.photo, lines(best)));
            } else {
                console.line(Console.harmless(line(image.file, best)));
            }
        }
        batch.clear();
    }

    private static Map<String, Object> entry(String file, List<Prediction> best) {
        List<Map<String, Object>> classes = new ArrayList<>();
        for (Prediction p : best) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("class", p.className());
            entry.put("probability", p.probability());
            classes.add(entry);
        }
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("file", file);
        entry.put("top", classes);
        return entry;
    }

    private static String line(String file, List<Prediction> best) {
        StringBuilder line = new StringBuilder(file).append(":");
        for (Prediction p : best) {
            line.append(String.format(Locale.ROOT, "  %s %.1f %%", p.className(), 100 * p.probability()));
        }
        return line.toString();
    }

    /** What stands beside the picture. */
    private static List<String> lines(List<Prediction> best) {
        return best.stream()
                .map(p -> String.format(
                        Locale.ROOT,
                        "%s %5.1f %%  %s",
                        Columns.padded(Console.harmless(p.className()), 12),
                        100 * p.probability(),
                        Console.gauge(p.probability(), GAUGE)))
                .toList();
    }
}
