package dev.residual.bench.peers;

import dev.residual.backend.Backend;
import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.model.Model;
import dev.residual.tensor.Device;
import dev.residual.tensor.Precision;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** What a contestant is told on its command line. */
final class Setup {
    /** Of the order of the images and of their augmentation. */
    static final long SEED = 1;

    /** Test images whose logits are compared before anything is timed. */
    static final int COMPARED = 16;

    @Option(names = "--architecture", defaultValue = "resnet20")
    String architecture;

    /** The weights that everybody starts from, with their normalisation. */
    @Option(names = "--model")
    Path model;

    /** The same as ONNX. */
    @Option(names = "--onnx")
    Path onnx;

    /** The directory of CIFAR-10; without it the work is done on the generated shapes. */
    @Option(names = "--data")
    Path data;

    @Option(names = "--batch", defaultValue = "128")
    int batch;

    @Option(names = "--threads", defaultValue = "2")
    int threads;

    /** {@code fp32} or {@code bf16}; of an epoch, the recipe. */
    @Option(names = "--way", defaultValue = "fp32")
    String way;

    /** Where a run's files go. */
    @Option(names = "--output")
    Path output;

    static Setup of(String... args) {
        return CommandLine.populateCommand(new Setup(), args);
    }

    Dataset dataset() {
        return data == null
                ? Datasets.load(Datasets.SHAPES, Path.of(""), (done, total) -> {})
                : Datasets.load(Datasets.CIFAR10, data, (done, total) -> {});
    }

    /** Once libtorch is there. */
    Precision precision() {
        return Backend.precision(way, Device.CPU);
    }

    Model model() {
        return Model.load(model);
    }
}
