package dev.residual.run;

import dev.residual.AtomicFile;
import dev.residual.formats.safetensors.Safetensors;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.model.Model;
import dev.residual.model.ModelFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A run at one instant: all that is needed to go on as if nothing had happened.
 *
 * @param optimizer its state, such as momentum, by name
 */
public record Checkpoint(Progress progress, Model model, Map<String, NamedTensor> optimizer) {
    /** For another process: the three files of a checkpoint, one after the other, since each may be large. */
    public void send(Consumer<byte[]> to) {
        to.accept(progress.json().getBytes(StandardCharsets.UTF_8));
        to.accept(bytes(out -> ModelFile.write(model, out)));
        to.accept(bytes(new Safetensors(Map.of(), optimizer)::write));
    }

    private static byte[] bytes(AtomicFile.Writer file) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            file.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /**
     * Receives what {@link #send} sent.
     *
     * @param name for error messages
     */
    public static Checkpoint receive(Supplier<byte[]> from, String name) {
        Progress progress = Progress.read(new String(from.get(), StandardCharsets.UTF_8), name);
        Model model = ModelFile.read(new ByteArrayInputStream(from.get()), name);
        Safetensors optimizer = Safetensors.read(new ByteArrayInputStream(from.get()), name);
        return new Checkpoint(progress, model, optimizer.tensors());
    }
}
