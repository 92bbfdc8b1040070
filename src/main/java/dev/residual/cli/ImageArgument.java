package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.picture.Photo;
import dev.residual.picture.PictureFile;
import dev.residual.run.RunDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** An IMAGE of a command line: a file, a directory of files, or standard input. */
final class ImageArgument {
    private static final String STANDARD_INPUT = "-";

    /** So macOS names what it keeps beside each file on disks of others. */
    private static final String APPLE_DOUBLE = "._";

    private ImageArgument() {}

    /** @param name for people; in a locale without its letters, a file cannot be opened by it */
    record Image(String name, Path path) {
        Photo read(int side) {
            if (name.equals(STANDARD_INPUT)) {
                return Photo.read(System.in, "standard input", side);
            }
            try (InputStream in = Files.newInputStream(path)) {
                return Photo.read(in, name, side);
            } catch (IOException e) {
                throw new ResidualException("cannot read " + name + ": " + ResidualException.reason(e), e);
            }
        }
    }

    /** Whether it means images, rather than a model. */
    static boolean isImage(String argument) {
        try {
            Path path = Path.of(argument);
            if (Files.isDirectory(path)) {
                return !Files.exists(new RunDirectory(path).config());
            }
        } catch (InvalidPathException e) {
            // No directory can be called so.
        }
        return argument.equals(STANDARD_INPUT) || PictureFile.isCalledSo(argument);
    }

    /** @throws ResidualException when no file can have this name here */
    static Path path(String argument) {
        try {
            return Path.of(argument);
        } catch (InvalidPathException e) {
            throw new ResidualException(
                    argument + ": no file can have this name in this locale (LC_ALL=C.UTF-8 has all letters)", e);
        }
    }

    /**
     * The images that it means: of a directory those in it whose names end as images' do, by name.
     *
     * @throws ResidualException when a directory cannot be read or has none
     */
    static List<Image> expand(String argument) {
        Path path = path(argument);
        if (!Files.isDirectory(path)) {
            return List.of(new Image(argument, path));
        }
        try (Stream<Path> files = Files.list(path)) {
            List<Image> images = files.filter(
                            file -> isImageName(file.getFileName().toString()))
                    .map(file -> new Image(PictureFile.name(file), file))
                    .sorted(Comparator.comparing(Image::name))
                    .toList();
            if (images.isEmpty()) {
                throw new ResidualException(path + " has no " + PictureFile.ENDINGS + " file in it");
            }
            return images;
        } catch (IOException | UncheckedIOException e) {
            throw new ResidualException("cannot read " + path + ": " + ResidualException.reason(e), e);
        }
    }

    private static boolean isImageName(String name) {
        return PictureFile.isCalledSo(name) && !name.startsWith(APPLE_DOUBLE);
    }
}
