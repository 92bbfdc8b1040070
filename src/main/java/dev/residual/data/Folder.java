package dev.residual.data;

import dev.residual.Digests;
import dev.residual.Directories;
import dev.residual.Heap;
import dev.residual.ResidualException;
import dev.residual.data.PictureTree.Entry;
import dev.residual.picture.Photo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * A person's own pictures as a data set: a folder per class, or a CSV file that names the classes.
 *
 * @param directory where they are
 * @param side height and width that they are brought to
 * @param testFraction of each class that is held out to be tested on, where there is nothing else to test on; empty for a
 *     fifth
 * @param strict whether a picture that cannot be read is an error
 */
public record Folder(Path directory, int side, OptionalDouble testFraction, boolean strict) {
    public static final int MIN_SIDE = 8;

    /** Of each class, where nothing else is said. */
    public static final double TEST_FRACTION = 0.2;

    /** The same pictures are held out in every run, whatever its seed, so that runs can be compared. */
    private static final long HOLD_OUT = 0x74657374L; // "test"

    /** Of the pictures that cannot be read, so many are named. */
    private static final int NAMED = 10;

    /** The largest array that every JVM makes. */
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    public Folder {
        ResidualException.require(
                side >= MIN_SIDE && side <= Photo.MAX_SIDE,
                "image size " + side + ": expected " + MIN_SIDE + " to " + Photo.MAX_SIDE);
        testFraction.ifPresent(fraction -> ResidualException.require(
                fraction > 0 && fraction < 1, "test fraction " + fraction + ": expected a number between 0 and 1"));
    }

    /** Is told what happens. */
    public interface Listener {
        Listener NONE = new Listener() {};

        default void note(String sentence) {}

        default void decoded(int done, int total) {}
    }

    /**
     * Finds, decodes and divides the pictures.
     *
     * @throws ResidualException when there are none, they contradict each other, or do not fit into memory
     */
    public Dataset load(Listener listener) {
        PictureTree tree = PictureTree.find(directory);
        ResidualException.require(
                testFraction.isEmpty() || !tree.divided(),
                tree.root() + " has pictures to be tested on, " + tree.form() + ": no test fraction is held out");
        List<Entry> entries = tree.entries();
        planMemory(tree, listener);
        Optional<PictureStore> kept = PictureStore.find(tree.root(), side, entries);
        if (kept.isPresent()) {
            return dataset(tree, kept.get(), listener);
        }
        IntConsumer decoded = done -> listener.decoded(done, entries.size());
        PictureStore store;
        try {
            store = PictureStore.create(tree.root(), side, entries, decoded);
        } catch (IOException e) {
            listener.note("the decoded pictures cannot be kept in " + tree.root() + " (" + ResidualException.reason(e)
                    + "): they are decoded again each time");
            return decodedElsewhere(tree, decoded, listener);
        }
        return dataset(tree, store, listener);
    }

    private Dataset decodedElsewhere(PictureTree tree, IntConsumer decoded, Listener listener) {
        try {
            Path elsewhere = Files.createTempDirectory("residual");
            elsewhere.toFile().deleteOnExit();
            PictureStore.path(elsewhere, side).toFile().deleteOnExit();
            try {
                return dataset(tree, PictureStore.create(elsewhere, side, tree.entries(), decoded), listener);
            } finally {
                Directories.delete(elsewhere);
            }
        } catch (IOException e) {
            throw new ResidualException("cannot write decoded pictures: " + ResidualException.reason(e), e);
        }
    }

    /** Before anything is read. */
    private void planMemory(PictureTree tree, Listener listener) {
        List<Entry> entries = tree.entries();
        long test =
                tree.divided() ? entries.stream().filter(Entry::test).count() : Math.round(fraction() * entries.size());
        long free = Heap.free((long) entries.size() * ImageSet.bytes(side));
        requireRoom(entries.size(), Math.max(test, entries.size() - test), free);
        listener.note(String.format(
                Locale.ROOT, "%,d pictures in %s take %s", entries.size(), directory, room(entries.size())));
    }

    void requireRoom(long all, long largest, long heap) {
        long bytes = all * ImageSet.bytes(side);
        ResidualException.require(
                bytes < heap && largest * ImageSet.bytes(side) <= MAX_ARRAY,
                String.format(
                        Locale.ROOT,
                        "%s has %,d pictures, which take %s; at most %.1f GB (what is free of Java's heap), 2.1 GB per"
                                + " part, can be held: take a smaller image size%s",
                        directory,
                        all,
                        room(all),
                        heap / 1e9,
                        bytes < heap ? "" : ", or " + Heap.LARGER));
    }

    private String room(long pictures) {
        return String.format(
                Locale.ROOT, "%.1f MB of memory at %d×%d pixels", pictures * ImageSet.bytes(side) / 1e6, side, side);
    }

    private void report(List<Entry> entries, PictureStore store, Listener listener) {
        int[] wrong = IntStream.range(0, entries.size())
                .filter(i -> !store.wrong().get(i).isEmpty())
                .toArray();
        if (wrong.length == 0) {
            return;
        }
        String first = store.wrong().get(wrong[0]);
        ResidualException.require(!strict, first + " (" + wrong.length + " of " + entries.size() + " cannot be read)");
        IntStream.of(wrong)
                .limit(NAMED)
                .forEach(i -> listener.note(store.wrong().get(i)));
        listener.note(wrong.length + " of " + entries.size() + " pictures cannot be read and are left out");
    }

    private Dataset dataset(PictureTree tree, PictureStore store, Listener listener) {
        List<Entry> entries = tree.entries();
        report(entries, store, listener);
        List<String> classes =
                List.copyOf(new TreeSet<>(entries.stream().map(Entry::label).toList()));
        ResidualException.require(
                classes.size() >= 2, tree.root() + " has pictures of " + classes + ": expected two classes or more");
        ResidualException.require(
                classes.size() <= 1 << Short.SIZE, classes.size() + " classes: expected at most " + (1 << Short.SIZE));
        int[] labels = entries.stream()
                .mapToInt(e -> Collections.binarySearch(classes, e.label()))
                .toArray();
        int[][] parts = parts(tree, store, labels, classes);
        ImageSet[] sets = read(store, entries, labels, parts);
        String source = String.format(
                Locale.ROOT,
                "%,d pictures of %d classes in %s (%s): %,d to train on, %,d to test on%s",
                sets[0].size() + sets[1].size(),
                classes.size(),
                tree.root(),
                tree.form(),
                sets[0].size(),
                sets[1].size(),
                tree.divided() ? "" : String.format(Locale.ROOT, " (%.0f %% of each class)", 100 * fraction()));
        Map<String, String> sums = Map.of("train", sha256(classes, sets[0]), "test", sha256(classes, sets[1]));
        OptionalDouble held = tree.divided() ? OptionalDouble.empty() : OptionalDouble.of(fraction());
        return new Dataset(Datasets.FOLDER, classes, sets[0], sets[1], sums, held, source);
    }

    /** What is held out of each class where there is nothing else to test on. */
    public double fraction() {
        return testFraction.orElse(TEST_FRACTION);
    }

    /** Which of the readable pictures are trained on and which are tested on, in the order of their names. */
    private int[][] parts(PictureTree tree, PictureStore store, int[] labels, List<String> classes) {
        List<Entry> entries = tree.entries();
        boolean[] test = new boolean[labels.length];
        for (int c = 0; c < classes.size(); c++) {
            int label = c;
            int[] own = IntStream.range(0, labels.length)
                    .filter(i -> labels[i] == label && store.wrong().get(i).isEmpty())
                    .toArray();
            int held = tree.divided() ? 0 : (int) Math.min(Math.round(fraction() * own.length), own.length - 1);
            int[] order = Seed.permutation(own.length, Seed.mix(HOLD_OUT, c));
            for (int i = 0; i < own.length; i++) {
                test[own[order[i]]] =
                        tree.divided() ? entries.get(own[order[i]]).test() : i < held;
            }
            ResidualException.require(
                    IntStream.of(own).anyMatch(i -> !test[i]),
                    tree.root() + " has no picture of the class '" + classes.get(c) + "' to train on that can be read");
        }
        int[] good = IntStream.range(0, labels.length)
                .filter(i -> store.wrong().get(i).isEmpty())
                .toArray();
        return new int[][] {
            IntStream.of(good).filter(i -> !test[i]).toArray(),
            IntStream.of(good).filter(i -> test[i]).toArray()
        };
    }

    private ImageSet[] read(PictureStore store, List<Entry> entries, int[] labels, int[][] parts) {
        int bytes = ImageSet.bytes(side);
        ImageSet[] sets = new ImageSet[parts.length];
        int[] part = new int[labels.length];
        int[] place = new int[labels.length];
        for (int p = 0; p < parts.length; p++) {
            short[] own = new short[parts[p].length];
            for (int i = 0; i < own.length; i++) {
                int entry = parts[p][i];
                own[i] = (short) labels[entry];
                part[entry] = p;
                place[entry] = i;
            }
            List<String> names =
                    IntStream.of(parts[p]).mapToObj(i -> entries.get(i).name()).toList();
            sets[p] = new ImageSet(side, new byte[own.length * bytes], own, names);
        }
        store.read((entry, pixels) ->
                System.arraycopy(pixels, 0, sets[part[entry]].pixels(), place[entry] * bytes, bytes));
        return sets;
    }

    /** Over the classes' names and then each image's class and pixels. */
    private static String sha256(List<String> classes, ImageSet set) {
        MessageDigest digest = Digests.sha256();
        classes.forEach(name -> digest.update((name + "\n").getBytes(StandardCharsets.UTF_8)));
        int bytes = set.imageBytes();
        for (int i = 0; i < set.size(); i++) {
            digest.update((byte) (set.label(i) >> 8));
            digest.update((byte) set.label(i));
            digest.update(set.pixels(), i * bytes, bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
