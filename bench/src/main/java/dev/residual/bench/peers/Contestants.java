package dev.residual.bench.peers;

import dev.residual.ResidualException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Who takes part: how each is started, and in which environment. */
final class Contestants {
    /** How {@code ./residual} sets a variable that nobody else has set. */
    private static final Pattern EXPORT = Pattern.compile("export (\\w+)=\\$\\{\\1-(.*)}");

    /** What matters of those that {@code ./residual} gives the product. */
    private static final List<String> LAUNCHER_OPTIONS = List.of(
            "-Xmx1g",
            "-Xmn32m",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseTransparentHugePages");

    private final Path bench;
    private final boolean sameEnvironment;
    private final Map<String, String> launcherEnvironment = new LinkedHashMap<>();
    private final String python = System.getenv().getOrDefault("PYTHON", "python3");

    /**
     * One of them.
     *
     * @param name such as {@code residual:fp32}
     */
    record Entry(String name, List<String> command, Map<String, String> environment) {}

    /**
     * @param bench the directory of this project
     * @param sameEnvironment whether peers get the product's settings of allocator and OpenMP too
     */
    Contestants(Path bench, boolean sameEnvironment) throws IOException {
        this.bench = bench;
        this.sameEnvironment = sameEnvironment;
        for (String line : Files.readAllLines(bench.resolveSibling("residual"))) {
            Matcher export = EXPORT.matcher(line);
            if (export.matches()) {
                launcherEnvironment.put(export.group(1), export.group(2));
            }
        }
    }

    /** Those of a kind of work that take part when nobody is named. */
    static List<String> usual(Work work) {
        return switch (work) {
            case TRAINING ->
                List.of(
                        "residual:fp32",
                        "residual:bf16",
                        "djl",
                        "python:nchw",
                        "python:channels-last",
                        "python:compiled",
                        "python:bf16",
                        "python:article");
            case INFERENCE ->
                List.of(
                        "residual:fp32",
                        "residual:bf16",
                        "onnxruntime",
                        "djl",
                        "python:nchw",
                        "python:channels-last",
                        "python:compiled",
                        "python:bf16");
            case EPOCH -> List.of("residual:article", "residual:paper", "python:article");
        };
    }

    /**
     * How a contestant is started.
     *
     * @param name {@code residual:WAY}, {@code djl}, {@code onnxruntime} or {@code python:WAY}
     * @throws ResidualException when there is none of that name for this work
     */
    Entry entry(String name, Work work, int threads, List<String> setup) {
        String[] parts = name.split(":", 2);
        List<String> options = new ArrayList<>(setup);
        options.addAll(List.of("--threads", Integer.toString(threads)));
        if (parts.length == 2) {
            options.addAll(List.of("--way", parts[1]));
        }
        Map<String, String> environment = new LinkedHashMap<>(Map.of("OMP_NUM_THREADS", Integer.toString(threads)));
        if (parts[0].equals("residual") || sameEnvironment) {
            environment.putAll(launcherEnvironment);
        }
        List<String> command =
                switch (parts[0] + " " + work.word()) {
                    case "residual training" -> java(LAUNCHER_OPTIONS, ResidualTraining.class, options);
                    case "residual inference" -> java(LAUNCHER_OPTIONS, ResidualInference.class, options);
                    case "residual epoch" -> java(LAUNCHER_OPTIONS, ResidualEpoch.class, options);
                    case "djl training" -> java(djlOptions(threads), DjlTraining.class, options);
                    case "djl inference" -> java(djlOptions(threads), DjlInference.class, options);
                    case "onnxruntime inference" -> java(List.of(), OnnxRuntimeInference.class, options);
                    case "python training", "python inference", "python epoch" -> python(work, options);
                    default ->
                        throw new ResidualException("no contestant '" + name + "' for " + work.word()
                                + ": expected some of " + String.join(", ", usual(work)));
                };
        return new Entry(name, command, environment);
    }

    /** DJL takes all from the libraries here: nothing is downloaded at run time, and nothing reported. */
    private List<String> djlOptions(int threads) {
        return List.of(
                "-Dai.djl.pytorch.num_threads=" + threads,
                "-Dai.djl.offline=true",
                "-DOPT_OUT_TRACKING=true",
                "-DDJL_CACHE_DIR=" + bench.resolve("target/djl"));
    }

    /** A virtual machine with the conductor's libraries. */
    List<String> java(List<String> options, Class<?> main, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(arguments);
        return command;
    }

    private List<String> python(Work work, List<String> options) {
        String script = bench.resolve("python/contestant.py").toString();
        List<String> command = new ArrayList<>(List.of(python, script, "--work", work.word()));
        command.addAll(options);
        return command;
    }

    /** Whether a Python is here that has PyTorch. */
    boolean pythonIsThere() throws IOException {
        try {
            Process process = new ProcessBuilder(python, "-c", "import torch, numpy")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor() == 0;
        } catch (IOException e) {
            return false; // there is no such program
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
