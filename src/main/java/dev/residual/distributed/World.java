package dev.residual.distributed;

import dev.residual.ResidualException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One process's view of all that train together.
 *
 * @param timeout after which a process that is not heard of ends the run
 */
public record World(Place place, Master master, Duration timeout) {
    private static final int MAX_PROCESSES = 1024;

    /** All addresses of a machine, and none to connect to. */
    private static final List<String> ANY = List.of("0.0.0.0", "::");

    /** torchrun, Kubernetes' PyTorchJob and our own children say it so. */
    private static final String RANK = "RANK";

    private static final String SIZE = "WORLD_SIZE";
    private static final String LOCAL_RANK = "LOCAL_RANK";
    private static final String LOCAL_SIZE = "LOCAL_WORLD_SIZE";
    private static final String HOST = "MASTER_ADDR";
    private static final String PORT = "MASTER_PORT";
    private static final String RESTARTS = "TORCHELASTIC_RESTART_COUNT";
    private static final String AGENT_STORE = "TORCHELASTIC_USE_AGENT_STORE";

    /**
     * @param rank number of the process, from 0
     * @param size processes in all
     * @param localRank number of the process among those of its machine
     * @param localSize processes of its machine
     */
    public record Place(int rank, int size, int localRank, int localSize) {
        public Place {
            ResidualException.require(
                    size >= 1 && size <= MAX_PROCESSES, size + " processes: expected 1 to " + MAX_PROCESSES);
            ResidualException.require(
                    rank >= 0 && rank < size, "process " + rank + " of " + size + ": expected 0 to " + (size - 1));
            ResidualException.require(
                    localSize >= 1 && localRank >= 0 && localRank < localSize && localSize <= size,
                    "process " + localRank + " of " + localSize + " on this machine, of " + size + " in all");
        }
    }

    /**
     * Where the processes meet: process 0, or a store of torchrun's.
     *
     * @param bind address of this machine that others connect to; empty for that from which the master is reached
     * @param served whether torchrun serves the store, not process 0
     * @param attempt how often torchrun has started the processes again
     */
    public record Master(String host, int port, Optional<String> bind, boolean served, int attempt) {
        public Master {
            ResidualException.require(
                    !host.isBlank() && port >= 0 && port <= 65_535,
                    "master " + host + ":" + port + ": expected HOST:PORT");
        }

        Master withPort(int other) {
            return new Master(host, other, bind, served, attempt);
        }

        /** As process 0 reaches what it serves: its host's name may mean another of its addresses. */
        Master atBind() {
            return bind.filter(address -> !ANY.contains(address))
                    .map(address -> new Master(address, port, bind, served, attempt))
                    .orElse(this);
        }

        Master withoutBind() {
            return new Master(host, port, Optional.empty(), served, attempt);
        }

        @Override
        public String toString() {
            return host + ":" + port;
        }
    }

    /**
     * What torchrun's variables say.
     *
     * @return empty where they are not set
     */
    public static Optional<World> of(Map<String, String> environment, Optional<String> bind, Duration timeout) {
        if (!isSet(environment)) {
            return Optional.empty();
        }
        Place place = new Place(
                number(environment, RANK, -1),
                number(environment, SIZE, -1),
                number(environment, LOCAL_RANK, 0),
                number(environment, LOCAL_SIZE, 1));
        ResidualException.require(
                place.size == 1 || environment.containsKey(HOST) && environment.containsKey(PORT),
                RANK + " and " + SIZE + " are set, but not " + HOST + " and " + PORT
                        + ": expected all that torchrun sets");
        Master master = new Master(
                environment.getOrDefault(HOST, "127.0.0.1"),
                number(environment, PORT, 0),
                bind,
                environment.getOrDefault(AGENT_STORE, "False").equals("True"),
                number(environment, RESTARTS, 0));
        return Optional.of(new World(place, master, timeout));
    }

    /** Whether torchrun's variables say which process this is. */
    public static boolean isSet(Map<String, String> environment) {
        return environment.containsKey(RANK) && environment.containsKey(SIZE);
    }

    private static int number(Map<String, String> environment, String name, int otherwise) {
        String text = environment.getOrDefault(name, Integer.toString(otherwise));
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new ResidualException("the environment's " + name + " is '" + text + "': expected a number", e);
        }
    }

    /** The same for a child of this process on this machine. */
    Map<String, String> ofChild(int localRank) {
        return Map.of(
                RANK, Integer.toString(place.rank + localRank),
                SIZE, Integer.toString(place.size),
                LOCAL_RANK, Integer.toString(localRank),
                LOCAL_SIZE, Integer.toString(place.localSize),
                HOST, master.host,
                PORT, Integer.toString(master.port));
    }

    /** This machine's name, for sentences. */
    static String machine() {
        return Machine.NAME;
    }

    /** Looked up once: where a name server does not answer, that takes longer than the time between two heartbeats. */
    private static final class Machine {
        static final String NAME = name();

        private static String name() {
            try {
                return InetAddress.getLocalHost().getHostName();
            } catch (UnknownHostException e) {
                return "a machine without a name";
            }
        }
    }

    World withMaster(Master other) {
        return new World(place, other, timeout);
    }
}
