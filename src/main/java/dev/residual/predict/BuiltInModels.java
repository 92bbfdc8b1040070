package dev.residual.predict;

import dev.residual.ResidualException;
import dev.residual.model.Model;
import dev.residual.model.ModelFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The models that are shipped inside the jar. To ship one, put its model file, {@code NAME.safetensors}, beside the
 * {@code index} in {@code dev/residual/models}, and its name and the day when its training ended on a line of it: a
 * model file has no date, so that the same run makes the same bytes. A name without a file is passed over.
 */
public final class BuiltInModels {
    /** What is used when no model is named. */
    public static final String DEFAULT = "resnet20";

    private static final String FOLDER = "/dev/residual/models/";

    private BuiltInModels() {}

    public static List<String> names() {
        return List.copyOf(days().keySet());
    }

    /** The day when the training of each ended, in the order of the index. */
    public static Map<String, LocalDate> days() {
        try (InputStream in = BuiltInModels.class.getResourceAsStream(FOLDER + "index")) {
            Map<String, LocalDate> days = new LinkedHashMap<>();
            List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            for (String line : lines) {
                String[] words = line.split(" ");
                if (resource(words[0]) != null) {
                    days.put(words[0], LocalDate.parse(words[1]));
                }
            }
            return days;
        } catch (IOException e) {
            throw new IllegalStateException("the jar is damaged", e);
        }
    }

    /** @throws ResidualException when there is none of that name */
    public static Model read(String name) {
        List<String> names = names();
        if (!names.contains(name)) {
            String there = names.isEmpty() ? "none" : String.join(", ", names);
            throw new ResidualException("no pretrained model named '" + name + "': there is " + there);
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
