package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.picture.Pictures;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** A thousand classes of twenty pictures of 64×64, in a heap of 1 GB: 246 MB of pixels. It writes 20,000 files. */
@EnabledIfSystemProperty(named = "jqwik.tries.default", matches = "100000", disabledReason = "in the nightly profile")
class LargeFolderTest {
    private static final int CLASSES = 1_000;
    private static final int PICTURES = 20;

    @TempDir
    Path dir;

    /** What the other JVM does: the first time it decodes, the second time it does not. */
    public static void main(String[] args) {
        for (int i = 0; i < 2; i++) {
            long start = System.nanoTime();
            Dataset data = new Folder(Path.of(args[0]), 64, OptionalDouble.empty(), true).load(Folder.Listener.NONE);
            long seconds = (System.nanoTime() - start) / 1_000_000_000;
            System.out.println(data.classes().size() + " " + data.train().size() + " "
                    + data.test().size() + " " + seconds);
        }
    }

    @Test
    void aThousandClassesLoadInAGigabyte() throws IOException, InterruptedException {
        for (int i = 0; i < CLASSES * PICTURES; i++) {
            Path file = dir.resolve("class " + i % CLASSES + "/" + i + ".png");
            Files.createDirectories(file.getParent());
            Files.write(file, Pictures.file(Pictures.noise(64, 64 + i % 9), "png"));
        }
        Process process = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path").replace(";", File.pathSeparator),
                        LargeFolderTest.class.getName(),
                        dir.toString())
                .redirectErrorStream(true)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(out).isZero();
        assertThat(out.lines().toList()).hasSize(2).allMatch(line -> line.matches("1000 16000 4000 \\d+"));
        // Two cores decode some 500 of these a second.
        int first = Integer.parseInt(out.lines().findFirst().orElseThrow().replaceFirst(".* ", ""));
        int second =
                Integer.parseInt(out.lines().skip(1).findFirst().orElseThrow().replaceFirst(".* ", ""));
        assertThat(first).isLessThan(300);
        assertThat(second).isLessThan(30);
        System.out.println("20,000 pictures: decoded in " + first + " s, read again in " + second + " s");
    }
}
