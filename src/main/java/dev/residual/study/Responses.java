package dev.residual.study;

import dev.residual.AtomicFile;
import dev.residual.ResidualException;
import dev.residual.data.ImageSet;
import dev.residual.data.Pixels;
import dev.residual.model.Model;
import dev.residual.nn.LayerResponses;
import dev.residual.nn.LayerResponses.Response;
import dev.residual.nn.Weights;
import dev.residual.run.RunDirectory;
import dev.residual.tensor.Device;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The responses of a trained network's layers to test images, which are kept in its run directory: {@code responses.csv}. */
public final class Responses {
    /** A fifth of CIFAR-10's test images: a standard deviation over so many values needs no more. */
    private static final int IMAGES = 2_000;

    private static final int BATCH = 100;
    private static final String HEADER = "layer,standard_deviation";

    private Responses() {}

    /** @param test images of what the model was trained on; the first of them are taken */
    public static List<Response> measure(Model model, ImageSet test) {
        int count = Math.min(IMAGES, test.size());
        try (Weights weights = model.weights(Device.CPU);
                LayerResponses responses = new LayerResponses(model.graph(), weights)) {
            for (int from = 0; from < count; from += BATCH) {
                try (Scope scope = Scope.inference()) {
                    int to = Math.min(from + BATCH, count);
                    responses.add(Pixels.tensor(test, from, to, model.card().normalization(), Precision.FP32));
                }
            }
            return responses.responses();
        }
    }

    public static void write(RunDirectory run, List<Response> responses) {
        StringBuilder text = new StringBuilder(HEADER + "\n");
        responses.forEach(r -> text.append(String.format(Locale.ROOT, "%s,%.6f%n", r.layer(), r.deviation())));
        AtomicFile.write(run.responses(), text.toString());
    }

    /** What was measured before; empty where nothing was. */
    public static Optional<List<Response>> read(RunDirectory run) {
        Path file = run.responses();
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            List<String> lines = Files.readAllLines(file);
            ResidualException.require(
                    !lines.isEmpty() && lines.get(0).equals(HEADER), file + ": line 1: expected " + HEADER);
            List<Response> responses = new ArrayList<>();
            for (int i = 1; i < lines.size(); i++) {
                String[] cells = lines.get(i).split(",");
                ResidualException.require(
                        cells.length == 2 && cells[1].matches("\\d{1,9}\\.\\d{1,9}"),
                        file + ": line " + (i + 1) + ": expected a layer and a number");
                responses.add(new Response(cells[0], Double.parseDouble(cells[1])));
            }
            return Optional.of(responses);
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }
}
