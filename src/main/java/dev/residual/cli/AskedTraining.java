package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.data.Folder;
import dev.residual.data.Normalization;
import dev.residual.data.Shapes;
import dev.residual.graph.Shape;
import dev.residual.launch.Training;
import dev.residual.model.Model;
import dev.residual.nn.Architecture;
import dev.residual.nn.Freezing;
import dev.residual.recipe.Recipe;
import dev.residual.recipe.RecipeChanges;
import dev.residual.run.RunConfig;
import dev.residual.study.Wanted;
import dev.residual.tensor.Precision;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The training that options ask for, as far as it is known before the data are loaded. */
final class AskedTraining {
    /** Training images of CIFAR-10 and of CIFAR-100. */
    static final int CIFAR_IMAGES = 50_000;

    /** More than most folders have, so that no schedule is refused that suits the pictures that are there. */
    private static final int FOLDER_IMAGES = 100_000;

    private final TrainCommand options;
    private final Optional<Model> start;
    private final Architecture architecture;
    private final int imageSize;

    /**
     * @param start the model of {@code --from}
     * @throws ResidualException when they do not fit together
     */
    AskedTraining(TrainCommand options, Optional<Model> start) {
        this.options = options;
        this.start = start;
        options.compute.require();
        String dataset = options.data.name();
        Datasets.requireName(dataset);
        int validation = options.validation;
        ResidualException.require(validation >= 0, "validation " + validation + ": expected 0 or more images");
        ResidualException.require(
                validation > 0 || options.kept == TrainCommand.Kept.LAST, "--keep best needs --validation N");
        options.threads.require();
        architecture = start.map(this::ofModel)
                .orElseGet(() -> options.architectureOptions.architecture(
                        options.architecture == null ? "resnet20" : options.architecture));
        int patience = recipe().length().patience();
        ResidualException.require(validation > 0 || patience == 0, "--patience " + patience + " needs --validation N");
        ResidualException.require(options.freeze == 0 || options.from != null, "--freeze needs --from MODEL");
        Freezing.of(architecture.graph(), options.freeze);
        ResidualException.require(
                options.imageSize == null || dataset.equals(Datasets.FOLDER),
                "--image-size is for --dataset folder, not " + dataset);
        imageSize = options.imageSize == null ? architecture.image().height() : options.imageSize;
        keep(); // checks it
    }

    /** The model's own, if nothing else was asked for. */
    private Architecture ofModel(Model model) {
        Architecture own = model.architecture();
        Architecture asked = options.architecture == null
                ? options.architectureOptions.changed(own)
                : options.architectureOptions.architecture(options.architecture);
        ResidualException.require(
                asked.withClasses(own.classes()).withImage(own.image()).equals(own),
                "--from " + options.from + ": its network is " + own.name() + ", asked for is " + asked.name());
        return own;
    }

    Architecture architecture() {
        return architecture;
    }

    int imageSize() {
        return imageSize;
    }

    private RunConfig.Keep keep() {
        return new RunConfig.Keep(options.checkpointEvery, options.logSteps, options.kept == TrainCommand.Kept.BEST);
    }

    /** For as many images as the data set is taken to have until it is loaded. */
    private Recipe recipe() {
        return recipe(
                switch (options.data.name()) {
                    case Datasets.SHAPES -> Shapes.TRAIN;
                    case Datasets.FOLDER -> FOLDER_IMAGES;
                    default -> CIFAR_IMAGES;
                });
    }

    /**
     * With the normalisation that the weights were trained with.
     *
     * @param trainingImages what an epoch is, for --epochs
     */
    Recipe recipe(int trainingImages) {
        Recipe recipe = options.recipeOptions.recipe(architecture, trainingImages);
        return start.map(m -> m.card().normalization().kind())
                .map(kind -> {
                    requireSameNormalization(kind);
                    return recipe.withImages(recipe.images().withNormalization(kind));
                })
                .orElse(recipe);
    }

    private void requireSameNormalization(Normalization.Kind own) {
        Normalization.Kind asked = options.recipeOptions.normalization;
        ResidualException.require(
                asked == null || asked == own,
                "--normalization " + asked + ": " + options.from + " was trained with " + own);
    }

    /** Says what is changed: {@code runs/resnet20-cifar10-paper-adam-no-augmentation}. */
    Path defaultOutput(String dataset) {
        String title = RecipeChanges.title(recipe(), architecture).replaceAll("[^\\w.]+", "-");
        return Path.of("runs", architecture.name() + "-" + dataset + "-" + title);
    }

    Training training(Dataset dataset, int threads) {
        Training training = Training.of(architecture, dataset)
                .recipe(recipe(dataset.train().size() - options.validation))
                .seed(options.seed)
                .validation(options.validation)
                .freeze(options.freeze)
                .threads(threads)
                .precision(options.compute.precision)
                .device(options.compute.device)
                .backend(options.compute.backend.name())
                .keep(keep())
                .dataDirectory(options.data.path().toAbsolutePath().normalize().toString());
        start.ifPresent(model -> training.startFrom(options.from.toString(), model));
        return options.output == null
                ? training.outputOrNext(defaultOutput(dataset.name()))
                : training.output(options.output);
    }

    /**
     * What decides the results, for those who plan runs.
     *
     * @param sha256 of a folder's pictures
     */
    Wanted wanted(Function<Folder, Map<String, String>> sha256) {
        String precision = options.compute.precision;
        Shape image = architecture.image();
        return new Wanted(
                architecture.withImage(new Shape(image.channels(), imageSize, imageSize)),
                recipe(),
                options.data.name(),
                options.data.pictures(imageSize, sha256),
                options.validation,
                new Wanted.Split(options.processes.world().place().size(), options.syncBatchNorm),
                precision.equals("auto")
                        ? Optional.empty()
                        : Optional.of(Precision.valueOf(precision.toUpperCase(Locale.ROOT))));
    }
}
