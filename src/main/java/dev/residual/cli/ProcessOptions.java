package dev.residual.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.distributed.Children;
import dev.residual.distributed.ProcessGroup;
import dev.residual.distributed.Rendezvous;
import dev.residual.distributed.World;
import dev.residual.distributed.World.Master;
import dev.residual.distributed.World.Place;
import dev.residual.launch.Launch;
import dev.residual.model.Software;
import dev.residual.run.RunConfig;
import dev.residual.tensor.Engine;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** How many processes train one network, and which of them this is. */
final class ProcessOptions {
    private static final String LOOPBACK = "127.0.0.1";

    @Option(
            names = "--processes",
            paramLabel = "P",
            description = "Processes on this machine, each of which takes a part of every minibatch. Default: 1.")
    private Integer processes;

    @Option(
            names = "--nodes",
            paramLabel = "N",
            description =
                    "Number of machines; start the same command on each, with its own --node. Default: 1. (Not needed"
                            + " if torchrun, or anything that sets its variables, starts the processes.)")
    private Integer nodes;

    @Option(names = "--node", paramLabel = "K", description = "The number of this machine, from 0.")
    private Integer node;

    @Option(
            names = "--master",
            paramLabel = "HOST:PORT",
            description = "Address and free port of machine 0, which all processes connect to.")
    private String master;

    @Option(
            names = "--bind",
            paramLabel = "ADDRESS",
            description =
                    "Address of this machine that the others connect to; 0.0.0.0 on machine 0 opens the port on all"
                            + " addresses. Default: the address from which the master is reached.")
    private String bind;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "Stop all processes when one has sent no heartbeat for this long. Default: ${DEFAULT-VALUE}.")
    private int timeout;

    /** What the options and the environment say. */
    World world() {
        ResidualException.require(timeout >= 2 && timeout <= 86_400, "timeout " + timeout + ": expected 2 to 86400 s");
        Optional<World> told = World.of(System.getenv(), Optional.ofNullable(bind), Duration.ofSeconds(timeout));
        if (told.isPresent() && Children.isChild()) {
            return told.get();
        }
        boolean asked = processes != null || nodes != null || node != null || master != null;
        ResidualException.require(
                told.isEmpty() || !asked,
                "--processes, --nodes, --node and --master cannot be used when RANK and WORLD_SIZE are set");
        return told.orElseGet(this::fromOptions);
    }

    private World fromOptions() {
        int here = processes == null ? 1 : processes;
        int machines = nodes == null ? 1 : nodes;
        ResidualException.require(here >= 1, "processes " + here + ": expected 1 or more");
        ResidualException.require(machines >= 1, "nodes " + machines + ": expected 1 or more");
        ResidualException.require(
                machines == 1 || node != null && master != null,
                "--nodes " + machines + ": expected --node, from 0 to " + (machines - 1)
                        + ", and --master HOST:PORT too");
        ResidualException.require(
                nodes != null || node == null && master == null,
                "--node and --master are for several machines: expected --nodes N too");
        ResidualException.require(
                machines * here > 1 || bind == null,
                "--bind is for several processes: expected --processes or --nodes too");
        int number = node == null ? 0 : node;
        ResidualException.require(
                number >= 0 && number < machines, "node " + number + ": expected 0 to " + (machines - 1));
        Place place = new Place(number * here, machines * here, 0, here);
        return new World(place, master(), Duration.ofSeconds(timeout));
    }

    private Master master() {
        Optional<String> own = Optional.ofNullable(bind);
        if (master == null) {
            return new Master(LOOPBACK, 0, own, false, 0);
        }
        int colon = master.lastIndexOf(':');
        ResidualException.require(
                colon > 0 && master.substring(colon + 1).matches("[1-9]\\d{0,4}"),
                "master " + master + ": expected HOST:PORT");
        String host = master.substring(0, colon).replaceAll("^\\[(.*)]$", "$1"); // [::1]:29500
        return new Master(host, Integer.parseInt(master.substring(colon + 1)), own, false, 0);
    }

    /**
     * Does the work as one of all processes; those of this machine are started, and ended with it.
     *
     * @param work is given what waits for the others, and gives the exit code
     */
    static int run(
            World world, int threads, CommandSpec spec, Console console, ToIntFunction<Supplier<ProcessGroup>> work) {
        Place place = world.place();
        if (place.size() == 1) {
            return work.applyAsInt(() -> ProcessGroup.ALONE);
        }
        if (Children.isChild()) {
            Children.endWithParent();
        }
        Engine.start(threads);
        Engine.shareMachine(place.localSize());
        try (Rendezvous rendezvous = new Rendezvous(world);
                Children children = children(rendezvous, world, spec)) {
            try {
                return work.applyAsInt(() -> rendezvous.join(software(), console::note));
            } catch (RuntimeException | Error e) {
                rendezvous.failed(e); // before the children are waited for, which end when they hear of it
                throw e;
            }
        }
    }

    private static Children children(Rendezvous rendezvous, World world, CommandSpec spec) {
        boolean starts = !Children.isChild() && !World.isSet(System.getenv());
        List<String> command = Main.program();
        command.addAll(spec.root().commandLine().getParseResult().originalArgs());
        return new Children(rendezvous, starts ? world.place().localSize() - 1 : 0, command);
    }

    /** What must be the same on all machines, or their results would not be. */
    private static JsonNode software() {
        return Json.object()
                .put("residual", Software.version())
                .put("libtorch", Engine.libtorchVersion())
                .put("instructions", Engine.libtorchInstructions());
    }

    /** A run's configuration for this many processes; with another number than before each gets its share of the cores. */
    static RunConfig.Compute compute(RunConfig.Compute before, World world) {
        Place place = world.place();
        int threads = before.processes() == place.size() ? before.threads() : ThreadsOption.share(place.localSize());
        return before.with(place.size(), threads);
    }

    /** Trains: process 0 in words and with a report, the others silently. */
    static int train(Console console, Launch launch) {
        if (launch.claimed().isPresent()) {
            return new TrainingScreen(console, launch).run();
        }
        try (Interruption interruption = new Interruption(console)) {
            boolean finished = launch.run().run(event -> {}, interruption).isPresent();
            return finished ? Main.OK : Main.INTERRUPTED;
        }
    }
}
