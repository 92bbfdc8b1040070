package dev.residual.picture;

import java.nio.file.Path;
import java.util.regex.Pattern;

/** What picture files are called. */
public final class PictureFile {
    /** The endings of picture files, for people. */
    public static final String ENDINGS = ".jpg, .jpeg, .png, .bmp, .gif or .webp";

    private static final Pattern PICTURE =
            Pattern.compile(".*\\.(jpe?g|png|bmp|gif|webp)", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private PictureFile() {}

    /** Whether a file's name ends as those of pictures do. */
    public static boolean isCalledSo(String name) {
        return PICTURE.matcher(name).matches();
    }

    /** A file's path in UTF-8, where the locale does not know the letters of its name. */
    public static String name(Path file) {
        String path = file.toString();
        String name = file.getFileName().toString();
        if (name.indexOf('\ufffd') < 0) {
            return path;
        }
        String decoded = file.toUri().getPath();
        return path.substring(0, path.length() - name.length()) + decoded.substring(decoded.lastIndexOf('/') + 1);
    }
}
