package dev.residual.cli;

import dev.residual.formats.Naming;
import dev.residual.formats.onnx.OnnxFile;
import dev.residual.formats.pytorch.PytorchWriter;
import dev.residual.launch.FoundModel;
import dev.residual.model.Model;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Writes a model for other programs.")
final class ExportCommand implements Callable<Integer> {
    /** What can be written. */
    enum Format {
        SAFETENSORS,
        PTH,
        ONNX;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Parameters(paramLabel = "MODEL", description = Main.MODEL)
    private Path path;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            description = {
                "safetensors: this program's model file, the weights with their description in the metadata.",
                "pth: a state_dict that torch.load(..., weights_only=True) reads, and NAME.json beside it with what"
                        + " the inputs must be: size, order of channels, mean and std.",
                "onnx: a graph for other runtimes, with any number of images at a time."
            })
    private Format format;

    @Option(names = "--output", required = true, paramLabel = "FILE", description = "The file to write.")
    private Path output;

    @Option(
            names = "--naming",
            paramLabel = "NAMES",
            description =
                    "For pth: common (layer1.0.conv1.weight … fc.bias), linear (… linear.bias, and shortcut instead of"
                            + " downsample: akamaster's and kuangliu's classes) or article (ResNetModule…, article"
                            + " networks only). Default: common.")
    private Naming naming;

    @Option(
            names = "--normalize-inside",
            description = "For onnx: normalise inside the graph, which then takes values from 0 to 1. Default: the"
                    + " graph takes normalised images.")
    private boolean normalizeInside;

    @Option(names = "--fold", description = "For onnx: fold each BN into the convolution before it.")
    private boolean fold;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (naming != null && format != Format.PTH) {
            throw new ParameterException(spec.commandLine(), "--naming is for --format pth");
        }
        if ((normalizeInside || fold) && format != Format.ONNX) {
            throw new ParameterException(spec.commandLine(), "--normalize-inside and --fold are for --format onnx");
        }
        Model model = FoundModel.find(path, new Console()::warn).model();
        String inputs = "";
        switch (format) {
            case SAFETENSORS -> model.save(output);
            case PTH ->
                inputs = "\nIts inputs: " + PytorchWriter.write(model, naming == null ? Naming.COMMON : naming, output);
            case ONNX -> new OnnxFile(model, normalizeInside, fold).write(output);
        }
        new Console().line(output + ": " + model.architecture().name() + " as " + format + inputs);
        return Main.OK;
    }
}
