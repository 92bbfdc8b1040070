package dev.residual.data;

import dev.residual.ResidualException;
import dev.residual.picture.PictureFile;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The picture files of a data set that lies in a folder, by name, and what each shows.
 *
 * @param root the folder, or one in it, that has the classes or the parts
 * @param form in which they lie there, for people
 * @param divided whether some of them are there to be tested on
 */
record PictureTree(Path root, String form, boolean divided, List<Entry> entries) {
    private static final Pattern TRAIN = Pattern.compile("(?i)train(ing)?");
    private static final Pattern TEST = Pattern.compile("(?i)test(ing)?");
    private static final Pattern VALIDATION = Pattern.compile("(?i)val(id(ation)?)?");

    /** Parts of a data set, however they are called, such as {@code test1}; these are no classes. */
    private static final Pattern PART = Pattern.compile("(?i)train|test|val");

    /** Folders that lie in one another, as archives unpack to; no more are gone into. */
    private static final int MAX_WRAPPINGS = 4;

    /** What macOS puts into archives, a file for each real one. */
    private static final String MAC_ARCHIVE = "__MACOSX";

    /**
     * A picture file.
     *
     * @param name its path below the root, with slashes
     * @param label the name of its class
     */
    record Entry(Path file, String name, String label, boolean test, long bytes, long modified) {
        Entry labelled(String other) {
            return new Entry(file, name, other, test, bytes, modified);
        }
    }

    /** @throws ResidualException when there are no classes of pictures, or they contradict each other */
    static PictureTree find(Path directory) {
        ResidualException.require(
                Files.isDirectory(directory), directory + " is not a folder: expected a folder of pictures");
        Path root = unwrapped(directory);
        Optional<Path> train = folder(root, TRAIN);
        int classes = train.map(t -> folders(t).size()).orElse(0);
        // One folder in it is as likely to hold all pictures, where a file names their classes.
        if (classes > 1 || classes == 1 && !LabelsFile.isIn(root)) {
            return inParts(root, train.get());
        }
        Optional<LabelsFile> labels = LabelsFile.find(root);
        if (labels.isPresent()) {
            Path pictures = folder(root, Pattern.compile("(?i)train.*")).orElse(root);
            List<Entry> labelled = labels.get().label(pictures(root, pictures, false));
            return new PictureTree(root, "by " + labels.get().file().getFileName(), false, labelled);
        }
        ResidualException.require(
                train.isEmpty()
                        || !folders(root).stream()
                                .allMatch(f -> PART.matcher(name(f)).lookingAt()),
                root
                        + ": its train/ has no folders in it: expected train/CLASS/PICTURES, or a CSV file of names and classes");
        return new PictureTree(root, "a folder per class", false, inClasses(root, root, false));
    }

    private static PictureTree inParts(Path root, Path train) {
        Optional<Path> test = Stream.of(TEST, VALIDATION)
                .flatMap(name -> folder(root, name).stream())
                .filter(folder -> !folders(folder).isEmpty())
                .findFirst();
        List<Entry> entries = new ArrayList<>(inClasses(root, train, false));
        test.ifPresent(folder -> entries.addAll(inClasses(root, folder, true)));
        List<String> classes = entries.stream()
                .filter(e -> !e.test)
                .map(Entry::label)
                .distinct()
                .toList();
        entries.stream().filter(e -> !classes.contains(e.label)).findFirst().ifPresent(e -> {
            throw new ResidualException(e.file + " is of a class '" + e.label + "', which " + train
                    + " has no pictures of: expected the same classes in both");
        });
        String form = train.getFileName() + "/"
                + test.map(t -> " and " + t.getFileName() + "/").orElse("");
        // What is there and not used is named.
        Optional<Path> unlabelled = folder(root, TEST).filter(t -> folders(t).isEmpty());
        form += unlabelled
                .map(t -> ", without " + t.getFileName() + "/, which has no classes")
                .orElse("");
        form += LabelsFile.isIn(root) ? ", without the CSV file" : "";
        return new PictureTree(root, form, test.isPresent(), entries);
    }

    /** Goes into a folder that is the only thing in another. */
    private static Path unwrapped(Path directory) {
        Path root = directory;
        for (int i = 0; i < MAX_WRAPPINGS; i++) {
            List<Path> inside = folders(root);
            if (inside.size() != 1 || TRAIN.matcher(name(inside.get(0))).matches() || LabelsFile.isIn(root)) {
                return root;
            }
            root = inside.get(0);
        }
        return root;
    }

    private static Optional<Path> folder(Path root, Pattern name) {
        return folders(root).stream()
                .filter(f -> name.matcher(name(f)).matches())
                .findFirst();
    }

    /** By name; not the hidden ones. */
    private static List<Path> folders(Path root) {
        try (Stream<Path> inside = Files.list(root)) {
            return inside.filter(p -> Files.isDirectory(p) && !isHidden(p))
                    .sorted(Comparator.comparing(PictureTree::name))
                    .toList();
        } catch (IOException e) {
            throw new ResidualException("cannot read " + root + ": " + ResidualException.reason(e), e);
        }
    }

    private static String name(Path path) {
        return path.getFileName().toString();
    }

    private static boolean isHidden(Path path) {
        return name(path).startsWith(".") || name(path).equals(MAC_ARCHIVE);
    }

    /** Each folder in {@code part} is a class, with all pictures in it, however deep. */
    private static List<Entry> inClasses(Path root, Path part, boolean test) {
        int level = root.relativize(part).toString().isEmpty() ? 0 : 1;
        List<Entry> entries = pictures(root, part, test).stream()
                .filter(e -> e.name.split("/").length > level + 1)
                .map(e -> e.labelled(e.name.split("/")[level]))
                .toList();
        entries.stream().filter(e -> e.label.contains("\ufffd")).findFirst().ifPresent(e -> {
            throw new ResidualException(
                    e.file + ": the name of its class's folder is not UTF-8, so classes could be mixed up");
        });
        ResidualException.require(
                !entries.isEmpty(),
                part + " has no folders of pictures: expected one per class with " + PictureFile.ENDINGS
                        + " files, directly or below train/ and test/; or pictures and a CSV file of their classes");
        return entries;
    }

    /** All below a folder, by name; links are followed. */
    private static List<Entry> pictures(Path root, Path folder, boolean test) {
        String above = root.toUri().getPath();
        List<Entry> entries = new ArrayList<>();
        // As UTF-8, whether or not the locale knows the letters; one letter is one however a system composes it.
        Function<Path, String> name =
                file -> Normalizer.normalize(file.toUri().getPath().substring(above.length()), Normalizer.Form.NFC);
        Set<FileVisitOption> follow = EnumSet.of(FileVisitOption.FOLLOW_LINKS);
        try {
            Files.walkFileTree(folder, follow, Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    boolean skipped = !directory.equals(folder) && isHidden(directory);
                    return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes a) {
                    if (!isHidden(file) && PictureFile.isCalledSo(name(file))) {
                        long modified = a.lastModifiedTime().toMillis();
                        entries.add(new Entry(file, name.apply(file), "", test, a.size(), modified));
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            String at = e instanceof FileSystemException f && f.getFile() != null ? f.getFile() : folder.toString();
            throw new ResidualException("cannot read " + at + ": " + ResidualException.reason(e), e);
        }
        entries.sort(Comparator.comparing(Entry::name));
        return entries;
    }
}
