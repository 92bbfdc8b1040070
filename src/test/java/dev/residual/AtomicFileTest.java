package dev.residual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    private static final byte[] NEW = "new".repeat(50_000).getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private Path target;

    @BeforeEach
    void oldFile() throws IOException {
        target = Files.writeString(folder.resolve("file"), "old");
    }

    @Test
    void replacesTheWholeFile() throws IOException {
        AtomicFile.write(target, out -> out.write(NEW));

        assertThat(target).hasBinaryContent(NEW);
        assertThat(folder).isDirectoryNotContaining(p -> !p.equals(target));
    }

    @Test
    void aLinkStaysALink() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), target);
        AtomicFile.write(link, out -> out.write(NEW));

        assertThat(link).isSymbolicLink();
        assertThat(target).hasBinaryContent(NEW);
    }

    /** As /dev/null, which root could replace. */
    @Test
    void whatIsNoFileStaysWhatItIs() throws Exception {
        Path pipe = folder.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        assertThatThrownBy(() -> AtomicFile.write(pipe, out -> out.write(NEW)))
                .isInstanceOf(ResidualException.class)
                .hasMessage("cannot write " + pipe + ": it is not a file");
        assertThat(Files.readAttributes(pipe, BasicFileAttributes.class).isOther())
                .isTrue();
    }

    @Test
    void theOldFileStaysUntilTheWriterIsDone() {
        AtomicFile.write(target, out -> {
            out.write(NEW);
            out.flush();
            assertThat(target).hasContent("old");
        });
    }

    @Test
    void anIoExceptionLeavesTheOldFileAndNoOther() {
        assertThatThrownBy(() -> AtomicFile.write(target, out -> {
                    out.write(NEW);
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(ResidualException.class)
                .hasMessage("cannot write " + target + ": No space left on device");
        assertOnlyTheOldFile();
    }

    @Test
    void aMistakeInTheWriterLeavesTheOldFileAndNoOther() {
        assertThatThrownBy(() -> AtomicFile.write(target, out -> {
                    out.write(NEW);
                    throw new IllegalStateException("mistake");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertOnlyTheOldFile();
    }

    private void assertOnlyTheOldFile() {
        assertThat(target).hasContent("old");
        assertThat(folder).isDirectoryNotContaining(p -> !p.equals(target));
    }

    @Test
    void namesTheTargetWhenItsFolderIsMissing() {
        Path nowhere = folder.resolve("missing").resolve("file");

        assertThatThrownBy(() -> AtomicFile.write(nowhere, out -> out.write(NEW)))
                .isInstanceOf(ResidualException.class)
                .hasMessage("cannot write " + nowhere + ": no such file or directory");
    }

    @Test
    void aFolderIsNotReplaced() throws IOException {
        Path full = Files.createDirectory(folder.resolve("folder"));
        Files.writeString(full.resolve("inside"), "kept");

        assertThatThrownBy(() -> AtomicFile.write(full, out -> out.write(NEW)))
                .isInstanceOf(ResidualException.class)
                .hasMessageStartingWith("cannot write " + full + ": ");
        assertThat(full.resolve("inside")).hasContent("kept");
        assertThat(folder).isDirectoryNotContaining("glob:**.tmp");
    }

    /** Writes half of a file, says so, and waits to be killed. */
    static final class Slow {
        public static void main(String[] args) {
            AtomicFile.write(Path.of(args[0]), out -> {
                out.write(1);
                out.flush();
                System.out.println("half");
                try {
                    Thread.currentThread().join();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            });
        }
    }

    @Test
    void aSignalLeavesNothingBeside() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Slow.class.getName(),
                        folder.resolve("slow").toString())
                .start();
        assertThat(process.inputReader().readLine()).isEqualTo("half");
        process.destroy(); // SIGTERM
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(folder).isDirectoryNotContaining("glob:**slow*");
    }
}
