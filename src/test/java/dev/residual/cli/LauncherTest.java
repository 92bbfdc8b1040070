package dev.residual.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code residual} on a checkout whose Maven and Java are scripts that say what they were asked for. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    @TempDir
    Path folder;

    private Path checkout;
    private Path launcher;

    @BeforeEach
    void checkout() throws IOException {
        checkout = Files.createDirectories(folder.resolve("a check out"));
        launcher = checkout.resolve("residual");
        Files.copy(Path.of("residual"), launcher, StandardCopyOption.COPY_ATTRIBUTES);
        Files.writeString(checkout.resolve("pom.xml"), "");
        Files.createDirectories(checkout.resolve("src/main"));
        script("mvn", "sleep 0.5; echo built >>builds; mkdir -p target; cat pom.xml >target/residual.jar");
        // It makes no archive of classes, and prints the words of the command after the jar.
        script(
                "java",
                "case $1 in -Xshare:*) exit 1;; esac; while [ \"$1\" != -jar ]; do shift; done; shift 2; printf '[%s]' \"$@\"");
    }

    private void script(String name, String body) throws IOException {
        Path file = Files.createDirectories(folder.resolve("bin")).resolve(name);
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private Process start(Map<String, String> variables, String... command) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().remove("JAVA_HOME");
        builder.environment().put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
        builder.environment().putAll(variables);
        return builder.start();
    }

    private static String output(Process process, int code) throws IOException, InterruptedException {
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isEqualTo(code);
        return output;
    }

    private List<String> builds() throws IOException {
        return Files.readAllLines(checkout.resolve("builds"));
    }

    @Test
    void throughSymbolicLinksWithCdpathAndSpaces() throws IOException, InterruptedException {
        Files.createSymbolicLink(folder.resolve("absolute"), launcher);
        Files.createSymbolicLink(folder.resolve("bin/residual"), Path.of("../absolute"));
        Map<String, String> cdpath = Map.of("CDPATH", folder + ":" + checkout);
        assertThat(output(start(cdpath, "bash", "-c", "bin/residual predict 'a b' ''"), 0))
                .endsWith("[predict][a b][]");
        assertThat(output(start(cdpath, "bash", "-c", "residual x"), 0)).isEqualTo("[x]");
        assertThat(builds()).hasSize(1);
    }

    @Test
    void severalAtOnceBuildOnce() throws IOException, InterruptedException {
        Files.createDirectories(checkout.resolve("target"));
        Files.createSymbolicLink(
                checkout.resolve("target/.building"), Path.of("99999999")); // of a process that is gone
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            processes.add(start(Map.of(), launcher.toString(), "x"));
        }
        for (Process process : processes) {
            assertThat(output(process, 0)).endsWith("[x]");
        }
        assertThat(builds()).hasSize(1);
        try (var left = Files.list(checkout.resolve("target"))) {
            assertThat(left.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder("residual.jar", "launcher.jar", "residual.jsa");
        }
    }

    /** Who runs the old jar has it open, and must go on with what it was. */
    @Test
    void aRebuildChangesNoJarThatIsOpen() throws IOException, InterruptedException {
        Files.writeString(checkout.resolve("pom.xml"), "old");
        output(start(Map.of(), launcher.toString(), "x"), 0);
        try (InputStream open = Files.newInputStream(checkout.resolve("target/launcher.jar"))) {
            Files.writeString(checkout.resolve("pom.xml"), "new");
            Files.setLastModifiedTime(
                    checkout.resolve("pom.xml"), FileTime.from(Instant.now().minusMillis(1)));
            output(start(Map.of(), launcher.toString(), "x"), 0);
            assertThat(open.readAllBytes()).asString().isEqualTo("old");
        }
        assertThat(builds()).hasSize(2);
        assertThat(checkout.resolve("target/launcher.jar")).hasContent("new");
    }

    @Test
    void whatIsNotThereIsSaid() throws IOException, InterruptedException {
        assertThat(output(start(Map.of("JAVA_HOME", "/nowhere"), launcher.toString()), 1))
                .isEqualTo(
                        "residual: JAVA_HOME is /nowhere, which has no bin/java: set it to a JDK (17 or newer), or unset"
                                + " it\n");
        for (String old : List.of("1.8.0_292", "11.0.2", "16")) {
            Files.writeString(folder.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + old + "\"\n");
            assertThat(output(start(Map.of(), launcher.toString()), 1))
                    .matches("residual: .*/java is Java (8|11|16): install a JDK \\(17 or newer\\), .*\n");
        }
        Files.writeString(folder.resolve("release"), "JAVA_VERSION=\"21-ea\"\n");
        script("mvn", "echo no such plugin; exit 1");
        assertThat(output(start(Map.of(), launcher.toString()), 1)).endsWith("residual: the build failed\n");
        assertThat(checkout.resolve("target/.building")).doesNotExist();
        String withoutMaven = folder.resolve("bin") + ":/bin:/usr/bin";
        Files.delete(folder.resolve("bin/mvn"));
        if (!Files.exists(Path.of("/usr/bin/mvn"))) {
            assertThat(output(start(Map.of("PATH", withoutMaven), launcher.toString()), 1))
                    .contains("there is no mvn");
        }
    }

    /** It cannot be run here: what both scripts give the JVM is the same, and its lines end as cmd.exe wants them. */
    @Test
    void theLauncherForWindows() throws IOException {
        String windows = Files.readString(Path.of("residual.cmd"));
        String unix = Files.readString(Path.of("residual"));
        assertThat(windows.lines()
                        .filter(l -> l.startsWith("\"%JAVA%\""))
                        .findFirst()
                        .orElseThrow()
                        .split(" "))
                .filteredOn(word -> word.startsWith("-X") || word.startsWith("--"))
                .isNotEmpty()
                .allMatch(word -> unix.contains(word.replace("%RESIDUAL_HEAP%", "${RESIDUAL_HEAP:-3g}")));
        assertThat(windows).contains("set \"RESIDUAL_HEAP=3g\"");
        assertThat(windows.split("\n", -1)).filteredOn(line -> !line.isEmpty()).allMatch(line -> line.endsWith("\r"));
        assertThat(windows).contains("\"%JAR%\" %*").contains("set \"CODE=%ERRORLEVEL%\"", "exit /b %CODE%");
    }
}
