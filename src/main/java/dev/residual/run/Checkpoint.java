package dev.residual.run;

import dev.residual.formats.safetensors.Safetensors;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.model.Model;
import dev.residual.model.ModelFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A run at one instant: all that is needed to go on as if nothing had happened.
 *
 * @param optimizer its state, such as momentum, by name
 */
public record Checkpoint(Progress progress, Model model, Map<String, NamedTensor> optimizer) {
    /** For another process: the three files of a checkpoint, each after its length. */
    public void write(DataOutputStream out) throws IOException {
        writePart(out, progress.json().getBytes(StandardCharsets.UTF_8));
        ByteArrayOutputStream part = new ByteArrayOutputStream();
        ModelFile.write(model, part);
        writePart(out, part.toByteArray());
        part.reset();
        new Safetensors(Map.of(), optimizer).write(part);
        writePart(out, part.toByteArray());
    }

    private static void writePart(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @param name for error messages
     */
    public static Checkpoint read(DataInputStream in, String name) throws IOException {
        Progress progress = Progress.read(new String(readPart(in), StandardCharsets.UTF_8), name);
        Model model = ModelFile.read(new ByteArrayInputStream(readPart(in)), name);
        return new Checkpoint(
                progress,
                model,
                Safetensors.read(new ByteArrayInputStream(readPart(in)), name).tensors());
    }

    private static byte[] readPart(DataInputStream in) throws IOException {
        return in.readNBytes(in.readInt());
    }
}
