package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.run.RunDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** An IMAGE of a command line: a file, a directory of files, or standard input. */
final class ImageArgument {
    static final String STANDARD_INPUT = "-";

    private static final Pattern IMAGE = Pattern.compile(".*\\.(jpe?g|png|bmp|gif|webp)", Pattern.CASE_INSENSITIVE);

    private ImageArgument() {}

    /** Whether it means images, rather than a model. */
    static boolean isImage(String argument) {
        Path path = Path.of(argument);
        if (Files.isDirectory(path)) {
            return !Files.exists(new RunDirectory(path).config());
        }
        return argument.equals(STANDARD_INPUT) || IMAGE.matcher(argument).matches();
    }

    /**
     * The files that it means: of a directory those in it whose names end as images' do, by name.
     *
     * @throws ResidualException when a directory cannot be read or has none
     */
    static List<String> expand(String argument) {
        Path path = Path.of(argument);
        if (!Files.isDirectory(path)) {
            return List.of(argument);
        }
        try (Stream<Path> files = Files.list(path)) {
            List<String> images = files.map(Path::toString)
                    .filter(file -> IMAGE.matcher(file).matches())
                    .sorted()
                    .toList();
            if (images.isEmpty()) {
                throw new ResidualException(path + " has no .jpg, .jpeg, .png, .bmp, .gif or .webp file in it");
            }
            return images;
        } catch (IOException | UncheckedIOException e) {
            throw new ResidualException("cannot read " + path + ": " + ResidualException.reason(e), e);
        }
    }
}
