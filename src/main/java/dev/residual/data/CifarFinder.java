package dev.residual.data;

import dev.residual.ResidualException;
import dev.residual.data.Cifar.Folder;
import dev.residual.data.Cifar.Version;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where a CIFAR data set lies, as people have it: in the folder that is named, one or two levels deeper (a doubled folder,
 * the folders of torchvision and Keras), in an archive under whatever name a browser gave it; or the one file that is
 * named instead of its folder.
 */
final class CifarFinder {
    /** Below the folder that is named; Keras's {@code datasets} needs two levels. */
    private static final int MAX_DEPTH = 2;

    /** Files and folders that are looked at. */
    private static final int MAX_ENTRIES = 10_000;

    private static final String ARCHIVE = "(?i).*(\\.tar|\\.gz|\\.tgz|_archive)"; // the last is Keras's

    private final Cifar set;
    private final List<Folder> folders = new ArrayList<>(); // the nearest first
    private final List<Path> archives = new ArrayList<>();
    private int entries;

    CifarFinder(Cifar set) {
        this.set = set;
    }

    /** Whether some form of it is there, whole or not. */
    boolean isIn(Path path) {
        search(path);
        return !folders.isEmpty() || !archives.isEmpty();
    }

    /**
     * The folder with its files; an archive is unpacked beside itself.
     *
     * @return empty when nothing there looks like the data set, so that it may be downloaded
     * @throws ResidualException when something looks like it but is damaged or something else
     */
    Optional<Folder> find(Path path) {
        if (Files.notExists(path) && path.toString().matches(ARCHIVE + "|.*\\.bin")) {
            throw new ResidualException("cannot read " + path + ": no such file or directory");
        }
        requireReadable(path);
        search(path);
        Optional<Folder> whole = folders.stream().filter(this::isWhole).findFirst();
        return whole.or(this::unpacked).or(() -> folders.stream().findFirst()).or(() -> {
            refuseWhatLooksLikeIt(path);
            return Optional.empty();
        });
    }

    private void search(Path path) {
        if (Files.isRegularFile(path)) {
            if (isNamed(path.getFileName().toString())) {
                addFolders(path.toAbsolutePath().getParent());
            } else if (Archive.isOne(path)) {
                archives.add(path);
                Stream.of(Version.values()).forEach(version -> addFolders(path.resolveSibling(set.folder(version))));
            }
            return;
        }
        List<Path> level = List.of(path);
        for (int depth = 0; depth <= MAX_DEPTH; depth++) {
            List<Path> next = new ArrayList<>();
            for (Path folder : level) {
                addFolders(folder);
                for (Path entry : list(folder)) {
                    String name = entry.getFileName().toString();
                    if (Files.isDirectory(entry) && !name.startsWith(".")) {
                        next.add(entry);
                    } else if (Files.isRegularFile(entry) && looksLikeIt(name) && name.matches(ARCHIVE)) {
                        archives.add(entry);
                    }
                }
            }
            level = next;
        }
    }

    private void addFolders(Path folder) {
        for (Version version : Version.values()) {
            boolean named = folder.endsWith(set.folder(version)) && Files.isDirectory(folder);
            if (named || count(folder, set, version) >= set.telling()) {
                folders.add(new Folder(folder, version));
            }
        }
    }

    /** How many of a data set's files are in a folder. */
    private static long count(Path folder, Cifar set, Version version) {
        return set.names(version).stream()
                .filter(file -> Files.isRegularFile(folder.resolve(file)))
                .count();
    }

    private boolean isWhole(Folder folder) {
        return set.files(folder.version()).keySet().stream()
                .allMatch(file -> Files.isRegularFile(folder.path().resolve(file)));
    }

    /** Whether a file of a folder is called so. */
    private boolean isNamed(String name) {
        return Stream.of(Version.values())
                .anyMatch(version -> set.names(version).contains(name));
    }

    private boolean looksLikeIt(String name) {
        return set.looks().matcher(name).matches();
    }

    private Optional<Folder> unpacked() {
        List<String> names = Stream.of(Version.values()).map(set::folder).toList();
        for (Path archive : archives) {
            Optional<String> held = Archive.holds(archive, names);
            Path folder = archive.resolveSibling(held.orElse("."));
            if (held.isPresent() && Files.notExists(folder)) {
                Version version = Version.values()[names.indexOf(held.get())];
                Map<String, Integer> sizes = new HashMap<>();
                set.files(version).forEach((file, records) -> sizes.put(file, set.bytes(version, records)));
                Archive.unpack(archive, folder, sizes, version == Version.BINARY);
                return Optional.of(new Folder(folder, version));
            }
        }
        return Optional.empty();
    }

    /** Nothing is downloaded to where something seems to be that people took for the data set. */
    private void refuseWhatLooksLikeIt(Path path) {
        if (Files.isRegularFile(path) && archives.isEmpty()) {
            throw new ResidualException(path + " is a file: expected a folder that has " + set.title()
                    + " or is to have it, or its archive (.tar.gz, .tar)");
        }
        archives.stream().findFirst().ifPresent(archive -> {
            throw new ResidualException(archive + " has neither " + set.binaryFolder() + "/ nor " + set.pythonFolder()
                    + "/: expected an archive of " + set.title());
        });
        for (Cifar other : List.of(Cifar10.SET, Cifar100.FINE)) {
            for (Version version : Version.values()) {
                if (!other.title().equals(set.title()) && count(path, other, version) >= other.telling()) {
                    throw new ResidualException(path + " has " + other.title() + ": expected " + set.title()
                            + ", or --dataset " + other.name());
                }
            }
        }
        for (Path entry : list(path)) {
            String name = entry.getFileName().toString();
            if (!looksLikeIt(name) || name.endsWith(".part")) {
                continue;
            }
            boolean folder = Files.isDirectory(entry);
            if (!folder || !list(entry).isEmpty()) {
                throw new ResidualException(
                        entry + (folder ? " has neither" : " is a file: expected a folder or an archive with")
                                + " the binary " + (folder ? "nor" : "or") + " the Python version of " + set.title()
                                + "; move it, or name another folder, to have that downloaded");
            }
        }
        if (entries > MAX_ENTRIES) {
            throw new ResidualException(path + " has more than the " + MAX_ENTRIES
                    + " files and folders that are searched: name the folder that has " + set.title());
        }
    }

    /** Sorted; nothing where it is not there or cannot be looked into. */
    private List<Path> list(Path folder) {
        List<Path> list = new ArrayList<>();
        if (Files.isDirectory(folder) && Files.isReadable(folder)) {
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
                for (Path entry : stream) {
                    if (++entries > MAX_ENTRIES) {
                        break;
                    }
                    list.add(entry);
                }
            } catch (IOException | DirectoryIteratorException e) {
                return List.of(); // it went away meanwhile
            }
        }
        Collections.sort(list);
        return list;
    }

    /** A folder is entered by the right to execute it. */
    private static void requireReadable(Path path) {
        if (Files.exists(path)
                && !(Files.isReadable(path) && (Files.isRegularFile(path) || Files.isExecutable(path)))) {
            throw new ResidualException("cannot read " + path + ": access denied");
        }
    }
}
