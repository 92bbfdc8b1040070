package dev.residual.distributed;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.distributed.World.Master;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Where processes meet, and what they have in common until the last of them has ended. One that fails, and closes this
 * with {@link #failed} said, ends all others with its sentence. libtorch is loaded.
 */
public final class Rendezvous implements AutoCloseable {
    /** c10d's own: machines of a cluster do not start at the same time. */
    private static final Duration CONNECT_TIMEOUT = Duration.ofMinutes(5);

    private static final Duration POLL = Duration.ofMillis(100);
    private static final String JOINED = "joined/";
    private static final String COUNT = "count/";

    private final World world;
    private final SharedStore store;
    private final Watch watch;
    private Optional<GlooGroup> group = Optional.empty();

    /**
     * Process 0 opens the store, the others look for it.
     *
     * @throws ResidualException when it cannot listen where the master is to be, nobody is there within five minutes, or
     *     another process has this one's number
     */
    public Rendezvous(World asked) {
        int rank = asked.place().rank();
        boolean serves = rank == 0 && !asked.master().served();
        Master master = serves ? asked.master().atBind() : asked.master();
        store = serves
                ? SharedStore.serve(master, CONNECT_TIMEOUT)
                : SharedStore.connect(master, CONNECT_TIMEOUT, CONNECT_TIMEOUT);
        world = asked.withMaster(master.withPort(store.port()));
        SharedStore watched = SharedStore.connect(world.master(), CONNECT_TIMEOUT, CONNECT_TIMEOUT);
        ResidualException.require( // before it says anything in the name of that process
                !Watch.isThere(rank, watched), there(rank));
        watch = new Watch(world, watched);
    }

    private static String there(int rank) {
        return "process " + rank + " is there already: each machine needs a --node of its own";
    }

    /** With the port that was chosen. */
    World world() {
        return world;
    }

    /**
     * Waits until all processes are there.
     *
     * @param software of this process; all must have the same
     * @param note is told, in a sentence, whom it waits for
     * @throws ResidualException when one does not come, or has other software
     */
    public ProcessGroup join(JsonNode software, Consumer<String> note) {
        GlooGroup joined = patiently(() -> {
            meet(software, note);
            return new GlooGroup(world.place(), store, address(), watch);
        });
        group = Optional.of(joined);
        return joined;
    }

    /** On a thread of its own, since it may wait for a lost process 0 for ever. */
    private <T> T patiently(Supplier<T> work) {
        CompletableFuture<T> result = CompletableFuture.supplyAsync(work, task -> {
            Thread thread = new Thread(task, "rendezvous");
            thread.setDaemon(true);
            thread.start();
        });
        while (true) {
            try {
                return result.get(POLL.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                watch.requireAll();
            } catch (ExecutionException e) {
                throw e.getCause() instanceof RuntimeException r ? r : new IllegalStateException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    private void meet(JsonNode software, Consumer<String> note) {
        int rank = world.place().rank();
        ResidualException.require(store.add(COUNT + rank, 1) == 1, there(rank));
        store.set(JOINED + rank, Json.compact(withSize(software)));
        await(List.of(JOINED + 0), note);
        requireSame(withSize(software), Json.tree(store.get(JOINED + 0).orElseThrow(), "process 0"), rank);
        await(IntStream.range(0, world.place().size()).mapToObj(r -> JOINED + r).toList(), note);
    }

    private JsonNode withSize(JsonNode software) {
        return Json.object().put("processes", world.place().size()).set("software", software);
    }

    private void await(List<String> joined, Consumer<String> note) {
        long start = System.nanoTime();
        boolean noted = false;
        while (!store.has(joined)) {
            Duration waited = Duration.ofNanos(System.nanoTime() - start);
            if (!noted && waited.toSeconds() >= 10 || waited.compareTo(CONNECT_TIMEOUT) > 0) {
                List<String> missing = new ArrayList<>();
                for (String key : joined) {
                    if (!store.has(List.of(key))) {
                        missing.add(key.substring(JOINED.length()));
                    }
                }
                String who = (missing.size() == 1 ? "process " : "processes ") + String.join(", ", missing) + " of "
                        + world.place().size();
                ResidualException.require(
                        waited.compareTo(CONNECT_TIMEOUT) <= 0,
                        who + " did not come within " + CONNECT_TIMEOUT.toMinutes() + " min");
                note.accept("Waiting at " + world.master() + " for " + who + " …");
                noted = true;
            }
            SharedStore.pause(POLL);
        }
    }

    /** @throws ResidualException that names the first difference between what two processes are to do, or do it with */
    public static void requireSame(JsonNode mine, JsonNode first, int rank) {
        difference("", mine, first).ifPresent(path -> {
            throw new ResidualException("process " + rank + " (" + World.machine() + ") is not like process 0: "
                    + path.replace('/', '.').substring(1) + " is " + mine.at(path) + ", there it is " + first.at(path));
        });
    }

    private static Optional<String> difference(String path, JsonNode a, JsonNode b) {
        if (a.equals(b)) {
            return Optional.empty();
        }
        if (a.isObject() && b.isObject()) {
            List<String> keys = new ArrayList<>();
            a.fieldNames().forEachRemaining(keys::add);
            b.fieldNames().forEachRemaining(keys::add);
            return keys.stream()
                    .map(key -> difference(path + "/" + key, a.path(key), b.path(key)))
                    .flatMap(Optional::stream)
                    .findFirst();
        }
        return Optional.of(path);
    }

    /** Of this machine, which the others connect to; "all of them" is no address. */
    private InetAddress address() {
        InetAddress local = SharedStore.local(world.master());
        return local.isAnyLocalAddress() ? SharedStore.local(world.master().withoutBind()) : local;
    }

    /** Notes why this process ends before its time, for the others. */
    public void failed(Throwable e) {
        watch.fail("process " + world.place().rank() + " (" + World.machine() + ") has ended: "
                + ResidualException.firstLine(e));
    }

    /** The same of another process, whose end this one has seen. */
    void lost(int rank, String how) {
        watch.fail("process " + rank + " (" + World.machine() + ") " + how);
    }

    /** Process 0 stays until the others have ended, or the time-out is over. */
    @Override
    public void close() {
        boolean orderly = !watch.isBroken();
        watch.close();
        if (orderly) {
            group.ifPresent(GlooGroup::close);
        }
    }
}
