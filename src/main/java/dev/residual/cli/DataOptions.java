package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Cifar100;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.data.Folder;
import dev.residual.run.RunConfig;
import dev.residual.study.Pictures;
import dev.residual.tensor.Engine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Option;

/** Which data set, and where it is. */
final class DataOptions {
    @Option(
            names = "--dataset",
            paramLabel = "NAME",
            description = "cifar10, cifar100, folder (your own pictures), or shapes (generated, needs no files)."
                    + " Default: cifar10, or what the run was trained on.")
    String dataset;

    @Option(
            names = "--labels",
            paramLabel = "KIND",
            description = "For cifar100: its 100 fine classes, or the 20 coarse ones. Default: fine.")
    Cifar100.Labels labels;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Where the data set is: a folder, an archive or one of its files. 'train' and 'study'"
                    + " download CIFAR there if it is missing. For --dataset folder: one folder per class,"
                    + " directly or below train/ and"
                    + " test/, or pictures and a CSV file of names and classes. Default: data, or the run's.")
    Path directory;

    @Option(
            names = "--test-fraction",
            paramLabel = "X",
            description = "For --dataset folder without test/ or val/: the fraction of each class held out for testing."
                    + " Default: 0.2, or that of the run.")
    Double testFraction;

    @Option(
            names = "--strict",
            description = "For --dataset folder: fail on a picture that cannot be read instead of skipping it.")
    boolean strict;

    /** @throws ResidualException when the options alone are wrong, whatever the network was trained on */
    void require() {
        if (dataset != null) {
            Datasets.requireName(name());
        }
    }

    /** Whether any was given. */
    boolean given() {
        return dataset != null || labels != null || directory != null || testFraction != null || strict;
    }

    Path path() {
        return directory == null ? Path.of("data") : directory;
    }

    String name() {
        return checked(dataset == null ? Datasets.CIFAR10 : dataset);
    }

    private String checked(String name) {
        ResidualException.require(
                (testFraction == null && !strict) || name.equals(Datasets.FOLDER),
                (strict ? "--strict" : "--test-fraction") + " is for --dataset folder, not " + name);
        return labelled(name);
    }

    private String labelled(String name) {
        boolean two = name.equals(Datasets.CIFAR100) || name.equals(Datasets.CIFAR100_COARSE);
        if (labels != null && !two) {
            throw new ResidualException("--labels " + labels + " is for --dataset cifar100, not " + name);
        }
        if (labels == null) {
            return name;
        }
        return labels == Cifar100.Labels.COARSE ? Datasets.CIFAR100_COARSE : Datasets.CIFAR100;
    }

    /**
     * Loads the data set, and libtorch with {@code threads}.
     *
     * @param imageSize that a folder's pictures are brought to
     */
    Dataset load(int imageSize, int threads, Console console) {
        return load(name(), folder(path(), imageSize, OptionalDouble.empty()), threads, console, true);
    }

    /**
     * Which pictures they are, where the data set is a folder.
     *
     * @param sha256 finds {@link #sha256}, perhaps without reading them again
     */
    Optional<Pictures> pictures(int imageSize, Function<Folder, Map<String, String>> sha256) {
        if (!name().equals(Datasets.FOLDER)) {
            return Optional.empty();
        }
        Folder folder = folder(path().toAbsolutePath().normalize(), imageSize, OptionalDouble.empty());
        return Optional.of(new Pictures(folder, () -> sha256.apply(folder)));
    }

    /** Of a folder's pictures, which are read for it, as {@code config.json} has it; empty where they are not there. */
    static Map<String, String> sha256(Folder folder) {
        return Files.isDirectory(folder.directory())
                ? load(Datasets.FOLDER, folder, new Console(), false).sha256()
                : Map.of();
    }

    /** Whether it is there without a download. */
    boolean isThere() {
        return Datasets.isThere(name(), path());
    }

    /** Whether what a run was trained on, or what the options name instead, is there without a download. */
    boolean isThere(RunConfig.Data trainedOn) {
        return Datasets.isThere(name(trainedOn), path(trainedOn));
    }

    /** Loads what a run was trained on, unless the options name another, and libtorch with {@code threads}. Never by a download. */
    Dataset load(RunConfig.Data trainedOn, int imageSize, int threads, Console console) {
        return load(trainedOn, imageSize, threads, console, true);
    }

    /** The same for whoever needs the test images only; the set may be without training images. */
    Dataset loadTest(RunConfig.Data trainedOn, int imageSize, int threads, Console console) {
        return load(trainedOn, imageSize, threads, console, false);
    }

    /** A data set, and all that decides its images. */
    record Images(String name, Folder folder) {}

    /** Those that {@link #load} takes for such a run. */
    Images images(RunConfig.Data trainedOn, int imageSize) {
        return new Images(name(trainedOn), folder(path(trainedOn), imageSize, trainedOn.testFraction()));
    }

    private Dataset load(RunConfig.Data trainedOn, int imageSize, int threads, Console console, boolean training) {
        ResidualException.require(
                isThere(trainedOn),
                name(trainedOn) + " is not in " + path(trainedOn)
                        + ": give its location with --data DIR"
                        + (name(trainedOn).equals(Datasets.FOLDER) ? "" : "; 'residual train' downloads it"));
        Images images = images(trainedOn, imageSize);
        return load(images.name, images.folder, threads, console, training);
    }

    private Folder folder(Path path, int imageSize, OptionalDouble trainedWith) {
        OptionalDouble fraction = testFraction == null ? trainedWith : OptionalDouble.of(testFraction);
        return new Folder(path, imageSize, fraction, strict);
    }

    private String name(RunConfig.Data trainedOn) {
        return checked(dataset == null ? trainedOn.dataset() : dataset);
    }

    private Path path(RunConfig.Data trainedOn) {
        return directory == null ? Path.of(trainedOn.directory()) : directory;
    }

    /** Both at once, since each takes about a second on one thread. libtorch's threads are those of the caller. */
    private static Dataset load(String name, Folder folder, int threads, Console console, boolean training) {
        CompletableFuture<Dataset> loading = CompletableFuture.supplyAsync(() -> load(name, folder, console, training));
        Engine.start(threads);
        try {
            return loading.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof ResidualException refused ? refused : e;
        }
    }

    private static Dataset load(String name, Folder folder, Console console, boolean training) {
        Dataset dataset;
        try (LoadingBar bar = new LoadingBar(console)) {
            if (name.equals(Datasets.FOLDER)) {
                dataset = folder.load(bar);
            } else {
                dataset = training
                        ? Datasets.load(name, folder.directory(), bar::at)
                        : Datasets.loadTest(name, folder.directory(), bar::at);
            }
        }
        if (!dataset.source().isEmpty()) {
            console.note("Read " + dataset.source());
        }
        return dataset;
    }

    /** A bar that appears only when something is downloaded or decoded. */
    private static final class LoadingBar implements Folder.Listener, AutoCloseable {
        private static final int MIB = 1 << 20;

        private final Console console;
        private ProgressBar bar;
        private boolean told;

        LoadingBar(Console console) {
            this.console = console;
        }

        void at(long done, long total) {
            step(done, total, " downloading  %s  %,d of %,d MiB", MIB);
            if (!console.terminal() && !told) {
                console.note("Downloading " + total / MIB + " MiB …");
                told = true;
            }
        }

        @Override
        public void decoded(int done, int total) {
            step(done, total, " decoding  %s  %,d of %,d pictures", 1);
        }

        @Override
        public void note(String sentence) {
            console.note(Console.harmless(sentence));
        }

        private void step(long done, long total, String words, int unit) {
            if (bar == null && console.terminal()) {
                bar = console.start(
                        done,
                        total,
                        (state, columns) -> String.format(
                                Locale.ROOT,
                                words,
                                Console.gauge(state.getNormalizedProgress(), 24),
                                state.getCurrent() / unit,
                                state.getMax() / unit));
            }
            if (bar != null) {
                bar.stepTo(done);
            }
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
            }
        }
    }
}
