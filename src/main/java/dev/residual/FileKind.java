package dev.residual;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** What a file is by its first bytes, for errors: people often have something else under the name of what they want. */
public enum FileKind {
    PYTORCH("a PyTorch file"),
    LFS_POINTER("a Git LFS pointer, not the file that it points to: 'git lfs pull' fetches that"),
    HTML("an HTML page, not the file itself: download it again, by its direct address"),
    OTHER("something else");

    private static final int START = 1024;

    private final String words;

    FileKind(String words) {
        this.words = words;
    }

    /** @throws ResidualException when it cannot be read, or is a pointer or a page instead of the file itself */
    public static FileKind of(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            FileKind kind = of(in.readNBytes(START));
            if (kind == LFS_POINTER || kind == HTML) {
                throw new ResidualException(file + " is " + kind);
            }
            return kind;
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    private static FileKind of(byte[] start) {
        String text = new String(start, StandardCharsets.ISO_8859_1);
        String html = text.replace("\u00ef\u00bb\u00bf", "").strip().toLowerCase(Locale.ROOT); // the mark of UTF-8
        boolean pickle = start.length > 1 && (start[0] & 0xff) == 0x80 && start[1] >= 0 && start[1] <= 5;
        if (pickle || text.startsWith("PK") && text.contains("data.pkl")) {
            return PYTORCH;
        }
        if (text.startsWith("version https://git-lfs.github.com/")) {
            return LFS_POINTER;
        }
        return html.startsWith("<!doctype html") || html.startsWith("<html") ? HTML : OTHER;
    }

    @Override
    public String toString() {
        return words;
    }
}
