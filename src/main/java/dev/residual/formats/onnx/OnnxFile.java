package dev.residual.formats.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import dev.residual.AtomicFile;
import dev.residual.Json;
import dev.residual.model.Model;
import dev.residual.model.Model.Card;
import dev.residual.model.ModelFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A network as an ONNX model, for any runtime. It takes {@code images}, N×3×32×32 float32 in RGB order, and gives
 * {@code logits}, N×classes; N may be any number. BN uses its running statistics.
 *
 * <p>The model's metadata: {@code classes}, a JSON list of names in the order of the logits; {@code input}, a sentence
 * about what the images have to be; {@code residual}, all that the model file says of itself, its normalisation and
 * provenance too, as JSON.
 *
 * @param normalizeInside whether the graph normalises: then images are value / 255; otherwise they come normalised
 * @param fold whether each BN becomes part of the convolution before it: the same function, with fewer steps
 */
public record OnnxFile(Model model, boolean normalizeInside, boolean fold) {
    /** Of the standard's operators, and of the file format that came with them: ONNX 1.12, of 2022. */
    private static final int OPSET = 17;

    private static final int IR_VERSION = 8;

    public void write(Path file) {
        AtomicFile.write(file, this::write);
    }

    /** Writes the file's bytes; the same content gives the same bytes. */
    public void write(OutputStream out) throws IOException {
        Card card = model.card();
        ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
                .setProducerName("residual")
                .setGraph(OnnxGraph.of(
                        model, fold, normalizeInside ? Optional.of(card.normalization()) : Optional.empty()))
                .addMetadataProps(entry("classes", Json.compact(card.classes())))
                .addMetadataProps(entry("input", "RGB, N×" + model.graph().input() + ", " + range()))
                .addMetadataProps(entry("residual", ModelFile.text(card)))
                .build()
                .writeTo(out);
    }

    private String range() {
        return normalizeInside
                ? "values 0-255 divided by 255"
                : "values 0-255 divided by 255, the mean subtracted, divided by std (both in 'residual')";
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }
}
