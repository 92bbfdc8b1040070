package dev.residual.distributed;

import dev.residual.Json;
import dev.residual.tensor.Engine;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Several JVMs that make one group, told who they are by torchrun's variables. */
public final class TestProcesses {
    private static final long PATIENCE = 120;

    private TestProcesses() {}

    /** What each of them does; public, with a public constructor without arguments. */
    public interface Work {
        /** @return some words */
        String apply(ProcessGroup group, String... arguments);
    }

    /**
     * What one process ended with.
     *
     * @param code its exit code
     * @param said its words, or its error
     */
    public record End(int code, String said) {}

    /**
     * Each does the work; none is left when this returns.
     *
     * @param folder for what they say
     * @return how they ended, process after process
     */
    public static List<End> run(int size, Path folder, Class<? extends Work> work, String... arguments)
            throws IOException, InterruptedException {
        int port = freePort();
        List<Process> all = new ArrayList<>();
        try {
            for (int rank = 0; rank < size; rank++) {
                ProcessBuilder builder = new ProcessBuilder(java(TestProcesses.class, work.getName()));
                builder.command().add(said(folder, rank).toString());
                builder.command().addAll(List.of(arguments));
                builder.environment()
                        .putAll(Map.of(
                                "RANK", "" + rank,
                                "WORLD_SIZE", "" + size,
                                "LOCAL_RANK", "" + rank,
                                "LOCAL_WORLD_SIZE", "" + size,
                                "MASTER_ADDR", "127.0.0.1",
                                "MASTER_PORT", "" + port));
                all.add(builder.redirectOutput(Redirect.DISCARD)
                        .redirectError(Redirect.INHERIT)
                        .start());
            }
            List<End> ends = new ArrayList<>();
            for (Process each : all) {
                int code = each.waitFor(PATIENCE, TimeUnit.SECONDS) ? each.exitValue() : -1;
                ends.add(new End(code, Files.readString(said(folder, ends.size()))));
            }
            return ends;
        } finally {
            all.forEach(Process::destroyForcibly);
        }
    }

    private static Path said(Path folder, int rank) {
        return folder.resolve("said-" + rank + ".txt");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** The command of a small JVM that starts fast. */
    public static List<String> java(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** One of them. */
    public static void main(String[] arguments) throws Exception {
        Children.endWithParent();
        Engine.start(1);
        Work work = (Work) Class.forName(arguments[0]).getConstructor().newInstance();
        Path said = Path.of(arguments[1]);
        World world = World.of(System.getenv(), Optional.empty(), Duration.ofSeconds(20))
                .orElseThrow();
        int code = 1;
        try (Rendezvous rendezvous = new Rendezvous(world)) {
            try {
                ProcessGroup group = rendezvous.join(Json.object(), note -> {});
                Files.writeString(said, work.apply(group, Arrays.copyOfRange(arguments, 2, arguments.length)));
                code = 0;
            } catch (RuntimeException | Error e) {
                rendezvous.failed(e);
                Files.writeString(said, String.valueOf(e.getMessage()));
            }
        }
        System.exit(code);
    }
}
