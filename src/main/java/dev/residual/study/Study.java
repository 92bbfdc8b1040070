package dev.residual.study;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.residual.Json;
import dev.residual.ResidualException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A question, and the runs that answer it.
 *
 * @param measure what is shown of each run, and what published figures are in
 * @param options of {@code residual train}, of all runs
 * @param seeds each variation is trained with each of them
 * @param iterations of each run; empty where the recipe says it
 * @param responses whether the responses of the trained networks' layers are measured and drawn too
 */
public record Study(
        String title,
        String question,
        Measure measure,
        String options,
        List<Long> seeds,
        Optional<Long> iterations,
        boolean responses,
        List<Variation> variations) {
    /** The studies that come with the program. */
    public static final List<String> SHIPPED =
            List.of("table6", "depth", "shortcuts", "responses", "article", "differences", "variants");

    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_VARIATIONS = 100;
    private static final int MAX_SEEDS = 100;

    /** What of a run is looked at, in percent of the test images, after the last iteration. */
    public enum Measure {
        ERROR,
        ACCURACY;

        /** @param accuracy percent */
        public double of(double accuracy) {
            return this == ERROR ? 100 - accuracy : accuracy;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * One of the things that are compared.
     *
     * @param name of its runs' directories, with the seed behind it
     * @param options that it adds to those of all runs, or has instead of them
     * @param answers what is to be learnt from it, in a sentence
     * @param against the variation that it differs from in one thing
     * @param panel of the chart that its curves are in; empty for the only one
     * @param seeds of its own; empty for those of all
     */
    public record Variation(
            String name,
            String options,
            String answers,
            Optional<String> against,
            Optional<String> panel,
            Optional<List<Long>> seeds,
            Optional<Published> published) {
        /** The name is part of a directory's, and a column of a table of 80. */
        private static final String NAME = "[a-zA-Z0-9][a-zA-Z0-9._-]{0,23}";

        public Variation {
            ResidualException.require(
                    name.matches(NAME), "variation '" + name + "': expected a name of 1 to 24 of a-z A-Z 0-9 . _ -");
            seeds.ifPresent(own -> requireSeeds(own));
        }

        public Variation unpublished() {
            return new Variation(name, options, answers, against, panel, seeds, Optional.empty());
        }
    }

    /**
     * A figure that somebody has published.
     *
     * @param value percent, of the study's measure
     * @param source where it stands, and what it is
     */
    public record Published(double value, String source) {}

    public Study {
        seeds = List.copyOf(seeds);
        variations = List.copyOf(variations);
        requireSeeds(seeds);
        Options.of(options);
        ResidualException.require(
                !variations.isEmpty() && variations.size() <= MAX_VARIATIONS,
                variations.size() + " variations: expected 1 to " + MAX_VARIATIONS);
        Set<String> names = new HashSet<>();
        for (Variation v : variations) {
            ResidualException.require(names.add(v.name), "two variations are called '" + v.name + "'");
            Options.of(v.options);
            v.against.ifPresent(other -> ResidualException.require(
                    names.contains(other) && !other.equals(v.name),
                    "variation '" + v.name + "' is against '" + other + "': expected one that stands before it"));
        }
    }

    private static void requireSeeds(List<Long> seeds) {
        ResidualException.require(
                !seeds.isEmpty()
                        && seeds.size() <= MAX_SEEDS
                        && seeds.stream().distinct().count() == seeds.size(),
                "seeds " + seeds + ": expected 1 to " + MAX_SEEDS + " different ones");
    }

    /**
     * @param name of a shipped study, or a file's
     * @throws ResidualException when there is none, or it cannot be read
     */
    public static Study of(String name) {
        try {
            if (SHIPPED.contains(name)) {
                try (InputStream in = Study.class.getResourceAsStream(name + ".json")) {
                    return read(new String(in.readAllBytes(), StandardCharsets.UTF_8), "study " + name);
                }
            }
            Path file = Path.of(name);
            if (!Files.isRegularFile(file)) {
                throw new ResidualException(
                        "no study '" + name + "': expected a file, or one of " + String.join(", ", SHIPPED));
            }
            if (Files.size(file) > MAX_BYTES) {
                throw new ResidualException(name + ": larger than the " + MAX_BYTES + " bytes that it can have");
            }
            return read(Files.readString(file), name);
        } catch (IOException e) {
            throw new ResidualException("cannot read " + name + ": " + ResidualException.reason(e), e);
        }
    }

    private static Study read(String text, String what) {
        JsonNode tree = Json.tree(text, what);
        if (tree instanceof ObjectNode study) {
            mayBeLeftOut(study, "iterations");
            if (!study.has("responses")) {
                study.put("responses", false);
            }
            for (JsonNode variation : study.path("variations")) {
                if (variation instanceof ObjectNode v) {
                    mayBeLeftOut(v, "against", "panel", "seeds", "published");
                }
            }
        }
        return Json.read(tree.toString(), Study.class, what);
    }

    private static void mayBeLeftOut(ObjectNode object, String... keys) {
        for (String key : keys) {
            if (!object.has(key)) {
                object.putNull(key);
            }
        }
    }

    /** @param count seeds; the first of those of each variation, and then the numbers that follow its largest */
    public Study withSeeds(int count) {
        ResidualException.require(count >= 1 && count <= MAX_SEEDS, "seeds " + count + ": expected 1 to " + MAX_SEEDS);
        return new Study(
                title,
                question,
                measure,
                options,
                first(seeds, count),
                iterations,
                responses,
                variations.stream()
                        .map(v -> new Variation(
                                v.name,
                                v.options,
                                v.answers,
                                v.against,
                                v.panel,
                                v.seeds.map(own -> first(own, count)),
                                v.published))
                        .toList());
    }

    private static List<Long> first(List<Long> seeds, int count) {
        long largest = seeds.stream().max(Long::compare).orElseThrow();
        return Stream.concat(seeds.stream(), Stream.iterate(largest + 1, s -> s + 1))
                .limit(count)
                .toList();
    }

    public List<Long> seeds(Variation variation) {
        return variation.seeds.orElse(seeds);
    }

    /** Those of all runs, and a variation's. */
    public Options options(Variation variation) {
        Options own = Options.of(options).and(Options.of(variation.options));
        return iterations.map(n -> own.and("--iterations", n)).orElse(own);
    }
}
