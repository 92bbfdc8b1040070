package dev.residual.bench.peers;

import dev.residual.Json;
import dev.residual.ResidualException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Starts the contestants of each comparison, lets them take turns, and prints what came out. */
@Command(
        name = "bench/peers",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "The same work by Residual and by others, in turns: on the same data, the same weights, the same"
                + " number of threads. Without --training, --inference or --epoch: training and inference.")
final class Conductor implements Callable<Integer> {
    @Parameters(
            arity = "0..1",
            paramLabel = "DIR",
            description = "The directory of CIFAR-10. Default: the generated data set shapes.")
    private Path data;

    @Option(names = "--training", description = "Compare training steps.")
    private boolean training;

    @Option(names = "--inference", description = "Compare inference.")
    private boolean inference;

    @Option(names = "--epoch", description = "Compare whole epochs, evaluation and logging included. Minutes each.")
    private boolean epoch;

    @Option(names = "--architecture", paramLabel = "NAME", description = "Default: resnet20; for --epoch article32.")
    private String architecture;

    @Option(names = "--batch", paramLabel = "N", split = ",", description = "Default: 128; for --inference 128,1000,1.")
    private List<Integer> batches = List.of();

    @Option(names = "--threads", paramLabel = "N", description = "Default: the processors.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--turns",
            paramLabel = "N",
            description = "Of each, after one to warm up. Default: 7; for --epoch 1.")
    private Integer turns;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "20",
            description = "Of a turn. Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Option(
            names = "--contestants",
            paramLabel = "NAME",
            split = ",",
            description = "residual:fp32, residual:bf16, djl, onnxruntime, python:nchw, python:channels-last,"
                    + " python:bf16, python:article; for --epoch residual:article, residual:paper, python:article."
                    + " The others are compared with the first. Default: all that can do the work.")
    private List<String> names = List.of();

    @Option(
            names = "--same-environment",
            description = "Give peers the settings of allocator and OpenMP too that ./residual sets for itself.")
    private boolean sameEnvironment;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all figures, turn by turn, into this file.")
    private Path json;

    private final Path target = Path.of(System.getProperty("bench"), "target");
    private final List<Object> results = new ArrayList<>();
    private boolean failed;

    /** Networks whose weights have been made. */
    private final Set<String> made = new HashSet<>();

    public static void main(String[] args) {
        CommandLine command = new CommandLine(new Conductor());
        command.setExecutionExceptionHandler((e, c, parsed) -> {
            if (!(e instanceof ResidualException)) {
                throw e;
            }
            System.err.println("bench/peers: " + e.getMessage());
            return 1;
        });
        System.exit(command.execute(args));
    }

    @Override
    public Integer call() throws IOException {
        if (steps < 1
                || threads < 1
                || (turns != null && turns < 1)
                || batches.stream().anyMatch(b -> b < 1)) {
            throw new ResidualException("turns, steps, batch and threads: expected 1 or more");
        }
        boolean all = !training && !inference && !epoch;
        if (training || all) {
            for (int batch : batches.isEmpty() ? List.of(128) : batches) {
                compare(Work.TRAINING, batch, steps);
            }
        }
        if (inference || all) {
            for (int batch : batches.isEmpty() ? List.of(128, 1000, 1) : batches) {
                // About as long as a turn of training; of single images, enough for a mean.
                compare(Work.INFERENCE, batch, Math.max(1, Math.min(10 * steps, 256 * steps / batch)));
            }
        }
        if (epoch) {
            compare(Work.EPOCH, batches.isEmpty() ? 128 : batches.get(0), 1);
        }
        if (json != null) {
            Files.writeString(json, Json.pretty(results) + "\n");
        }
        return failed ? 1 : 0;
    }

    private void compare(Work work, int batch, int stepsOfTurn) throws IOException {
        String network = architecture != null ? architecture : work == Work.EPOCH ? "article32" : "resnet20";
        Contestants contestants = new Contestants(target.getParent(), sameEnvironment);
        List<String> setup = setup(contestants, work, network, batch);
        Map<String, String> absent = new LinkedHashMap<>();
        List<Player> players = new ArrayList<>();
        boolean python = contestants.pythonIsThere();
        try {
            for (String name : names.isEmpty() ? Contestants.usual(work) : names) {
                Contestants.Entry entry = contestants.entry(name, work, threads, own(setup, work, name));
                if (name.startsWith("python") && !python) {
                    absent.put(name, "skipped: no Python with torch and numpy (PYTHON=… names one)");
                    continue;
                }
                System.err.println("peers: starting " + name + " …");
                try {
                    players.add(new Player(entry, target.resolve("logs/" + name.replace(':', '-') + ".log")));
                } catch (IOException | ResidualException e) {
                    absent.put(name, "failed: " + e.getMessage());
                    failed = true;
                }
            }
            int count = turns != null ? turns : work == Work.EPOCH ? 1 : 7;
            String title = String.format(
                    "%s, %s, batch %d, %d threads, %s, %d turns of %d",
                    work.word(), network, batch, threads, data == null ? "shapes" : "cifar10", count, stepsOfTurn);
            Comparison comparison = new Comparison(title, work, stepsOfTurn, players, System.out);
            Map<String, Object> result = comparison.run(work == Work.EPOCH ? 0 : 1, count);
            failed |= comparison.failed();
            absent.forEach((name, why) -> System.out.printf("  %-22s %s%n", name, why));
            result.put("absent", absent);
            results.add(result);
        } finally {
            players.forEach(Player::close);
        }
    }

    /** What all contestants are told; makes the weights that they share. */
    private List<String> setup(Contestants contestants, Work work, String network, int batch) throws IOException {
        Files.createDirectories(target.resolve("logs"));
        List<String> setup = new ArrayList<>(List.of("--architecture", network, "--batch", Integer.toString(batch)));
        if (data != null) {
            setup.addAll(List.of("--data", data.toString()));
        }
        if (work != Work.EPOCH) {
            String model = target.resolve(network + ".safetensors").toString();
            String onnx = target.resolve(network + ".onnx").toString();
            setup.addAll(List.of("--model", model, "--onnx", onnx));
            if (made.add(network)) {
                System.err.println("peers: training the weights that all start from …");
                run(contestants.java(List.of(), StartingPoint.class, setup));
            }
        }
        return setup;
    }

    /** Besides, what this one alone is told. */
    private List<String> own(List<String> setup, Work work, String name) throws IOException {
        List<String> own = new ArrayList<>(setup);
        if (name.startsWith("python") && data == null) {
            Path shapes = target.resolve("shapes");
            ShapesFiles.write(shapes);
            own.addAll(List.of("--data", shapes.toString()));
        }
        if (name.startsWith("residual") && work == Work.EPOCH) {
            own.addAll(
                    List.of("--output", Files.createTempDirectory(target, "run").toString()));
        }
        return own;
    }

    private static void run(List<String> command) throws IOException {
        try {
            int code = new ProcessBuilder(command).inheritIO().start().waitFor();
            if (code != 0) {
                throw new ResidualException("the weights could not be made (exit code " + code + ")");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
