package dev.residual.data;

import dev.residual.ResidualException;
import dev.residual.data.PictureTree.Entry;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A CSV file of pictures and their classes, as Kaggle's competitions have them: a line of column names, then a line a
 * picture. The first column is the picture's name, with or without its ending and its folder; the class is in the first
 * column with one of the names of {@link #CLASS}, or else in the second.
 *
 * @param labels the classes by the pictures' names
 */
record LabelsFile(Path file, Map<String, String> labels) {
    private static final Set<String> CLASS = Set.of("label", "labels", "class", "class_name", "category");

    /** What Kaggle shows the form of an answer with; its classes are made up. */
    private static final Pattern EXAMPLE = Pattern.compile("(?i)(sample.*|.*submission.*)");

    private static final int MAX_BYTES = 64 << 20;

    /**
     * The next field and what ends it; in quotation marks it may have commas, and quotation marks twice. Possessive, since
     * Java's stack would overflow on a long text that could be tried in other ways.
     */
    private static final Pattern FIELD = Pattern.compile("(?:\"((?:[^\"]++|\"\")*+)\"|([^,\"]*+))(,|$)");

    static boolean isIn(Path root) {
        return !candidates(root).isEmpty();
    }

    /** @throws ResidualException when there are several, or it is no such file */
    static Optional<LabelsFile> find(Path root) {
        List<Path> files = candidates(root);
        List<Path> train = files.stream()
                .filter(f -> f.getFileName().toString().toLowerCase(Locale.ROOT).contains("train"))
                .toList();
        List<Path> chosen = train.isEmpty() ? files : train;
        ResidualException.require(
                chosen.size() <= 1,
                root + " has several CSV files, "
                        + chosen.stream().map(f -> f.getFileName().toString()).toList()
                        + ": expected one, of names and classes");
        return chosen.stream().findFirst().map(LabelsFile::read);
    }

    private static List<Path> candidates(Path root) {
        try (Stream<Path> inside = Files.list(root)) {
            return inside.filter(f -> f.getFileName().toString().matches("(?i)[^.].*\\.csv"))
                    .filter(f -> !EXAMPLE.matcher(f.getFileName().toString()).matches())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new ResidualException("cannot read " + root + ": " + ResidualException.reason(e), e);
        }
    }

    private static LabelsFile read(Path file) {
        List<String> lines;
        try {
            ResidualException.require(
                    Files.size(file) <= MAX_BYTES, file + " is larger than the " + MAX_BYTES + " bytes that are read");
            lines = Files.readString(file).lines().toList();
        } catch (CharacterCodingException e) {
            throw new ResidualException(file + " is not UTF-8: save it as UTF-8", e);
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
        List<String> header = lines.isEmpty() ? List.of() : fields(lines.get(0).replace("\ufeff", ""), file, 1);
        ResidualException.require(
                header.size() >= 2, file + ": expected two columns, name and class, separated by a comma");
        int column = 1;
        for (int i = header.size() - 1; i > 0; i--) {
            column = CLASS.contains(header.get(i).toLowerCase(Locale.ROOT)) ? i : column;
        }
        Map<String, String> labels = new LinkedHashMap<>();
        for (int i = 1; i < lines.size(); i++) {
            if (lines.get(i).isBlank()) {
                continue;
            }
            List<String> fields = fields(lines.get(i), file, i + 1);
            ResidualException.require(
                    fields.size() > column && !fields.get(column).isEmpty(),
                    file + ", line " + (i + 1) + ": no class in column " + (column + 1));
            String before = labels.putIfAbsent(fields.get(0), fields.get(column));
            ResidualException.require(
                    before == null || before.equals(fields.get(column)),
                    file + ", line " + (i + 1) + ": " + fields.get(0) + " is of another class above");
        }
        return new LabelsFile(file, labels);
    }

    private static List<String> fields(String line, Path file, int number) {
        List<String> fields = new ArrayList<>();
        Matcher field = FIELD.matcher(line);
        int at = 0;
        do {
            field.region(at, line.length());
            ResidualException.require(
                    field.lookingAt(), file + ", line " + number + ": not a line of values separated by commas");
            String quoted = field.group(1);
            fields.add((quoted == null ? field.group(2) : quoted.replace("\"\"", "\"")).strip());
            at = field.end();
        } while (!field.group(3).isEmpty());
        return fields;
    }

    /**
     * Of these pictures those that the file names, with their classes.
     *
     * @throws ResidualException when it names one that is not there, or two of them by one name
     */
    List<Entry> label(List<Entry> pictures) {
        Map<String, List<Entry>> byName = new HashMap<>();
        for (Entry picture : pictures) {
            String path = picture.name();
            String stem = path.substring(0, path.lastIndexOf('.'));
            Stream.of(path, stem)
                    .flatMap(name -> Stream.of(name, name.substring(name.lastIndexOf('/') + 1)))
                    .distinct()
                    .forEach(name ->
                            byName.computeIfAbsent(name, n -> new ArrayList<>()).add(picture));
        }
        Map<Entry, String> found = new HashMap<>();
        labels.forEach((name, label) -> {
            List<Entry> named = byName.getOrDefault(Normalizer.normalize(name, Normalizer.Form.NFC), List.of());
            if (named.size() != 1) {
                String others = named.isEmpty()
                        ? "no such picture"
                        : "more than one: " + named.get(0).name() + ", "
                                + named.get(1).name();
                throw new ResidualException(file + " names " + name + ", and there is " + others);
            }
            String before = found.put(named.get(0), label);
            ResidualException.require(
                    before == null || before.equals(label),
                    file + " names " + named.get(0).name() + " as " + before + " and as " + label);
        });
        return pictures.stream()
                .filter(found::containsKey)
                .map(p -> p.labelled(found.get(p)))
                .toList();
    }
}
