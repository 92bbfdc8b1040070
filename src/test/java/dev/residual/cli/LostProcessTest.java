package dev.residual.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.data.PictureFolders;
import dev.residual.distributed.TestProcesses;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code train --processes 2} as a person starts it, and what becomes of it when one process is stopped or lost: all end
 * in time, one sentence names the lost one, no process is left, and the resumed run ends in the same bytes.
 */
@DisabledOnOs(OS.WINDOWS)
class LostProcessTest {
    private static final int TIMEOUT = 6;

    /** Beyond the time-out, on a machine that has other things to do. */
    private static final int SLACK = 20;

    @TempDir
    static Path folder;

    private static Path pictures;
    private static byte[] undisturbed;

    private final List<Command> commands = new ArrayList<>();

    /** The command's processes; the first is the one that was started here. */
    private record Command(Process process, Path run, Path output) {
        static Command train(String name) throws IOException {
            List<String> first =
                    new ArrayList<>(List.of("train", "--dataset", "folder", "--data", pictures.toString()));
            first.addAll(List.of("--architecture", "resnet8", "--widths", "16,16,16", "--precision", "fp32"));
            first.addAll(List.of("--batch-size", "16", "--iterations", "100", "--checkpoint-every", "5"));
            return start(folder.resolve(name), first, List.of("--threads", "1", "--processes", "2", "--output"));
        }

        static Command resume(Path run, int processes) throws IOException {
            return start(run, List.of("resume"), List.of("--processes", "" + processes, "--threads", "1"));
        }

        private static Command start(Path run, List<String> first, List<String> last) throws IOException {
            Path output = run.resolveSibling(run.getFileName() + "-" + first.get(0) + ".txt");
            List<String> command = new ArrayList<>(TestProcesses.java(Main.class));
            command.addAll(first);
            command.addAll(List.of("--timeout", "" + TIMEOUT));
            command.addAll(last);
            command.add(run.toString());
            return new Command(
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile())
                            .start(),
                    run,
                    output);
        }

        void awaitIteration(int iteration) throws InterruptedException {
            while (process.isAlive() && !Files.exists(run.resolve("checkpoint/iteration-" + iteration))) {
                Thread.sleep(5);
            }
            assertThat(process.isAlive()).as(said()).isTrue();
        }

        ProcessHandle child() {
            return process.children().findFirst().orElseThrow();
        }

        void requireEnd(int code, String sentence) throws InterruptedException {
            assertThat(process.waitFor(TIMEOUT + SLACK, TimeUnit.SECONDS))
                    .as(said())
                    .isTrue();
            assertThat(process.exitValue()).as(said()).isEqualTo(code);
            assertThat(said()).containsPattern(sentence);
        }

        String said() {
            try {
                return Files.readString(output);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        byte[] model() throws IOException {
            return Files.readAllBytes(run.resolve("model.safetensors"));
        }
    }

    private Command train(String name) throws IOException {
        commands.add(Command.train(name));
        return commands.get(commands.size() - 1);
    }

    @AfterEach
    void leaveNothing() {
        commands.forEach(c -> c.process.descendants().forEach(ProcessHandle::destroyForcibly));
        commands.forEach(c -> c.process.destroyForcibly());
    }

    @BeforeAll
    static void trainUndisturbed() throws IOException, InterruptedException {
        pictures = PictureFolders.people(folder.resolve("pictures"));
        Command command = Command.train("undisturbed");
        command.process.waitFor();
        command.requireEnd(Main.OK, "Test accuracy");
        undisturbed = command.model();
    }

    /** Whatever happened to it. */
    private static void requireSameBytesResumed(Command command) throws IOException, InterruptedException {
        Command resumed = Command.resume(command.run, 2);
        resumed.process.waitFor();
        resumed.requireEnd(Main.OK, "Test accuracy");
        assertThat(resumed.model()).isEqualTo(undisturbed);
    }

    private static void signal(String name, ProcessHandle process) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    /** As Kubernetes or Slurm would end one: all stop behind the same step, and go on as two or as one. */
    @Test
    void aTerminatedChildStopsAllInGoodOrder() throws IOException, InterruptedException {
        Command command = train("terminated");
        command.awaitIteration(10);
        signal("TERM", command.child());
        command.requireEnd(Main.INTERRUPTED, "Interrupted; the checkpoint is written");

        Path copy = folder.resolve("alone");
        try (var files = Files.walk(command.run)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(command.run.relativize(file)));
            }
        }
        requireSameBytesResumed(command);
        Command alone = Command.resume(copy, 1);
        alone.process.waitFor();
        alone.requireEnd(Main.OK, "in fp32 with 1 thread,");
        assertThat(alone.model()).hasSameSizeAs(undisturbed).isNotEqualTo(undisturbed); // BN saw other parts
    }

    @Test
    void aKilledChildIsNamed() throws IOException, InterruptedException {
        Command command = train("killed");
        command.awaitIteration(10);
        ProcessHandle child = command.child();
        signal("KILL", child);
        command.requireEnd(1, "residual: process 1 \\(\\S+\\) was killed by signal 9; the last checkpoint is kept");
        assertThat(child.isAlive()).isFalse();
    }

    /** A stopped process is silent, but its connections stand. */
    @Test
    @EnabledIfSystemProperty(
            named = "jqwik.tries.default",
            matches = "100000",
            disabledReason = "in the nightly profile")
    void aStoppedChildIsNamedAndEnded() throws IOException, InterruptedException {
        Command command = train("stopped");
        command.awaitIteration(10);
        ProcessHandle child = command.child();
        signal("STOP", child);
        command.requireEnd(1, "process 1 \\(\\S+\\) has not been heard from for " + TIMEOUT + " s");
        assertThat(child.isAlive()).isFalse();
        requireSameBytesResumed(command);
    }

    /** Ten times, one process or the other. */
    @Test
    @EnabledIfSystemProperty(
            named = "jqwik.tries.default",
            matches = "100000",
            disabledReason = "in the nightly profile")
    void killsAtRandomMoments() throws Exception {
        Random random = new Random(1);
        for (int i = 0; i < 10; i++) {
            Command command = train("random" + i);
            command.awaitIteration(5);
            Thread.sleep(random.nextInt(500));
            ProcessHandle child = command.child();
            if (random.nextBoolean()) {
                signal("KILL", command.process.toHandle()); // a parent takes its child with it
                child.onExit().get(TIMEOUT + SLACK, TimeUnit.SECONDS);
            } else {
                signal("KILL", child);
                command.requireEnd(1, "process 1 \\(\\S+\\) was killed by signal 9");
            }
            requireSameBytesResumed(command);
        }
    }
}
