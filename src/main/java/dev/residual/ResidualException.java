package dev.residual;

import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Locale;

/**
 * Something outside this program is wrong: a file, an option, a full disk, a dead network. The message is one sentence
 * for the person at the terminal; it names the thing, the place in it, and what was expected. Everything else that is
 * thrown is a mistake of ours.
 */
public class ResidualException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ResidualException(String message) {
        super(message);
    }

    public ResidualException(String message, Throwable cause) {
        super(message, cause);
    }

    /** @throws ResidualException with this sentence where the condition does not hold */
    public static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ResidualException(otherwise);
        }
    }

    /** @throws ResidualException where the name is none of these, such as "no device 'gpu': expected auto, cpu, cuda" */
    public static void requireOneOf(String what, String name, List<String> names) {
        require(names.contains(name), "no " + what + " '" + name + "': expected " + String.join(", ", names));
    }

    /** What an exception says, in one line: libtorch's have a stack trace in their messages. */
    public static String firstLine(Throwable e) {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        return message.lines().findFirst().orElse("").replaceFirst("^\\[/\\S*?:\\d+] ", "");
    }

    /**
     * What went wrong with the file system, in words: {@code "No space left on device"} rather than the name of an
     * exception.
     */
    public static String reason(Exception e) {
        if (e instanceof UncheckedIOException u) { // streams of directory entries and of lines throw it
            return reason(u.getCause());
        }
        if (e instanceof CharacterCodingException) {
            return "not UTF-8 text";
        }
        if (e instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (e instanceof FileSystemException f && f.getReason() != null) {
            return f.getReason();
        }
        String words = e.getClass()
                .getSimpleName()
                .replaceAll("(Exception|Error)$", "")
                .replaceAll("(?<=[a-z])(?=[A-Z])", " ");
        return e instanceof FileSystemException || e.getMessage() == null
                ? words.toLowerCase(Locale.ROOT)
                : e.getMessage();
    }
}
