package dev.residual.study;

import dev.residual.ResidualException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Options of {@code residual train}, as one types them. What they mean is not known here.
 *
 * @param tokens each option with its values, by its name without {@code no-}
 */
public record Options(Map<String, List<String>> tokens) {
    public static final Options NONE = new Options(Map.of());

    /** What a study says of each run by itself. */
    private static final Set<String> RESERVED =
            Set.of("--seed", "--iterations", "--epochs", "--output", "--threads", "--from", "--config", "--dry-run");

    public Options {
        tokens = new LinkedHashMap<>(tokens);
    }

    /**
     * Reads what a study's file says.
     *
     * @param text such as {@code --architecture resnet20 --no-shuffle}
     */
    static Options of(String text) {
        Options options = of(Arrays.asList(text.strip().split("\\s+")));
        options.tokens.keySet().stream().filter(RESERVED::contains).findFirst().ifPresent(name -> {
            throw new ResidualException("options '" + text + "': " + name + " is set by the study itself");
        });
        return options;
    }

    public static Options of(List<String> tokens) {
        Map<String, List<String>> found = new LinkedHashMap<>();
        List<String> values = null;
        for (String token : tokens) {
            if (token.startsWith("--")) {
                values = new ArrayList<>();
                String name = token.replaceFirst("=.*", "").replaceFirst("^--no-", "--");
                ResidualException.require(
                        found.put(name, values) == null,
                        "options '" + String.join(" ", tokens) + "': " + name + " twice");
            } else if (token.isEmpty()) {
                continue;
            }
            ResidualException.require(
                    values != null, "options '" + String.join(" ", tokens) + "': expected --NAME, not '" + token + "'");
            values.add(token);
        }
        return new Options(found);
    }

    /** These and others; where both say something, the others count. */
    public Options and(Options others) {
        Map<String, List<String>> both = new LinkedHashMap<>(tokens);
        both.putAll(others.tokens);
        return new Options(both);
    }

    public Options and(String name, Object value) {
        return and(new Options(Map.of(name, List.of(name, value.toString()))));
    }

    /** One option with its values, as a command line takes it; nothing where it is not among these. */
    List<String> only(String name) {
        return tokens.getOrDefault(name, List.of());
    }

    /** As a command line takes them. */
    public List<String> arguments() {
        return tokens.values().stream().flatMap(List::stream).toList();
    }

    @Override
    public String toString() {
        return String.join(" ", arguments());
    }
}
