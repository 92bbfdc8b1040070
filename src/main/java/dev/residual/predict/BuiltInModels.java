package dev.residual.predict;

import dev.residual.ResidualException;
import dev.residual.model.Model;
import dev.residual.model.ModelFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The models that are shipped inside the jar. To ship one, put its model file, {@code NAME.safetensors}, beside the
 * {@code index} in {@code dev/residual/models}, and its name on a line of it. A name without a file is passed over.
 */
public final class BuiltInModels {
    /** What is used when no model is named. */
    public static final String DEFAULT = "resnet20";

    private static final String FOLDER = "/dev/residual/models/";

    private BuiltInModels() {}

    public static List<String> names() {
        try (InputStream in = BuiltInModels.class.getResourceAsStream(FOLDER + "index")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(name -> resource(name) != null)
                    .toList();
        } catch (IOException e) {
            throw new IllegalStateException("the jar is damaged", e);
        }
    }

    /** @throws ResidualException when there is none of that name */
    public static Model read(String name) {
        List<String> names = names();
        if (!names.contains(name)) {
            String shipped = names.isEmpty() ? "none" : String.join(", ", names);
            throw new ResidualException(
                    "no model named '" + name + "' is shipped with this build: there is " + shipped);
        }
        try (InputStream in = resource(name).openStream()) {
            return ModelFile.read(in, name);
        } catch (IOException e) {
            throw new IllegalStateException("the jar is damaged", e);
        }
    }

    private static URL resource(String name) {
        return BuiltInModels.class.getResource(FOLDER + name + ".safetensors");
    }
}
