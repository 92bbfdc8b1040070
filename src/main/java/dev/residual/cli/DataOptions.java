package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Cifar100;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.run.RunConfig;
import dev.residual.tensor.Engine;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Option;

/** Which data set, and where it is. */
final class DataOptions {
    @Option(
            names = "--dataset",
            paramLabel = "NAME",
            description =
                    "cifar10, cifar100, or shapes (generated, needs no files). Default: cifar10, or what the run was"
                            + " trained on.")
    String dataset;

    @Option(
            names = "--labels",
            paramLabel = "KIND",
            description = "For cifar100: its 100 fine classes, or the 20 coarse ones. Default: fine.")
    Cifar100.Labels labels;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "Where the data set is, or is downloaded to once: a folder, or an archive or another file of the data"
                            + " set. Default: data, or where it was for the run.")
    Path directory;

    Path path() {
        return directory == null ? Path.of("data") : directory;
    }

    String name() {
        return labelled(dataset == null ? Datasets.CIFAR10 : dataset);
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

    /** Loads the data set, and libtorch with {@code threads}. */
    Dataset load(int threads, Console console) {
        return load(name(), path(), threads, console);
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
    Dataset load(RunConfig.Data trainedOn, int threads, Console console) {
        ResidualException.require(
                isThere(trainedOn),
                name(trainedOn) + " is not in " + path(trainedOn)
                        + ": --data DIR says where it is; only 'residual train' downloads it");
        return load(name(trainedOn), path(trainedOn), threads, console);
    }

    private String name(RunConfig.Data trainedOn) {
        return labelled(dataset == null ? trainedOn.dataset() : dataset);
    }

    private Path path(RunConfig.Data trainedOn) {
        return directory == null ? Path.of(trainedOn.directory()) : directory;
    }

    /** Both at once, since each takes about a second on one thread. libtorch's threads are those of the caller. */
    private static Dataset load(String name, Path directory, int threads, Console console) {
        CompletableFuture<Dataset> loading = CompletableFuture.supplyAsync(() -> load(name, directory, console));
        Engine.start(threads);
        try {
            return loading.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof ResidualException refused ? refused : e;
        }
    }

    private static Dataset load(String name, Path directory, Console console) {
        Dataset dataset;
        try (DownloadBar bar = new DownloadBar(console)) {
            dataset = Datasets.load(name, directory, bar::at);
        }
        if (!dataset.source().isEmpty()) {
            console.note("Read " + dataset.source());
        }
        return dataset;
    }

    /** A bar that appears only when something is downloaded. */
    private static final class DownloadBar implements AutoCloseable {
        private static final double MIB = 1 << 20;

        private final Console console;
        private ProgressBar bar;

        DownloadBar(Console console) {
            this.console = console;
        }

        void at(long done, long total) {
            if (bar == null && console.terminal()) {
                bar = console.start(
                        done,
                        total,
                        (state, columns) -> String.format(
                                Locale.ROOT,
                                " downloading  %s  %.0f of %.0f MiB",
                                Console.gauge(state.getNormalizedProgress(), 24),
                                state.getCurrent() / MIB,
                                state.getMax() / MIB));
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
