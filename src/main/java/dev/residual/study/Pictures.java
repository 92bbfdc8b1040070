package dev.residual.study;

import dev.residual.data.Folder;
import dev.residual.run.RunConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A person's own pictures, which the data set's name does not tell from others.
 *
 * @param folder where they are, by its absolute path, and how they are divided
 * @param sha256 of them, as {@code config.json} has it, for which they are read; empty where they are not there
 */
public record Pictures(Folder folder, Supplier<Map<String, String>> sha256) {
    /** How those of a run differ: in what they are, or, where these are not there, in where they were. */
    List<String> differences(RunConfig.Data data) {
        Map<String, String> here = sha256.get();
        List<String> place = differencesInPlace(data);
        if (here.isEmpty()) {
            return place;
        }
        if (here.equals(data.sha256())) {
            return List.of();
        }
        return place.isEmpty() ? List.of("other pictures than " + folder.directory() + " has now") : place;
    }

    /** The same; but what is where the run had it is not read. */
    List<String> differencesUnlessInPlace(RunConfig.Data data) {
        return differencesInPlace(data).isEmpty() ? List.of() : differences(data);
    }

    private List<String> differencesInPlace(RunConfig.Data data) {
        List<String> differences = new ArrayList<>();
        String directory = folder.directory().toString();
        if (!directory.equals(data.directory())) {
            differences.add("pictures in " + data.directory() + " instead of " + directory);
        }
        double fraction = data.testFraction().orElse(Folder.TEST_FRACTION);
        if (fraction != folder.fraction()) {
            differences.add("test fraction " + fraction + " instead of " + folder.fraction());
        }
        return differences;
    }
}
