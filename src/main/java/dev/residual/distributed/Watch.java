package dev.residual.distributed;

import dev.residual.ResidualException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Notices processes that are lost, by a heartbeat of each in the store that all share. Process 0 watches all, the others
 * watch process 0; who misses one says so in the store, in the sentence with which all of them end. A process whose main
 * thread waits in a collective learns it from here: Gloo itself knows neither which one is lost nor, where it is merely
 * silent, that it is.
 */
final class Watch implements AutoCloseable {
    private static final String HEARTBEAT = "heartbeat/";
    private static final String DONE = "done/";
    private static final String SIZE = "size";
    private static final String FAILURE = "failure";
    private static final String BROKEN = "broken";

    /** From one heartbeat to the next. */
    private static final Duration PERIOD = Duration.ofMillis(500);

    /** Heartbeats this recent count as alive. */
    private static final Duration ALIVE = PERIOD.multipliedBy(3);

    /** Once somebody's connection is broken, who has had no heartbeat for so long is the one that is lost. */
    private static final Duration SUSPECT = Duration.ofSeconds(4);

    /** So long process 0, which serves the store, waits for the others to read why all end. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private final World world;
    private final SharedStore store;
    private final Heartbeat[] heartbeats;
    private final CompletableFuture<String> end = new CompletableFuture<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread = new Thread(this::watch, "watch");
    private volatile Optional<String> failure = Optional.empty();
    private volatile long collective;
    private volatile boolean broken;
    private volatile long contact = System.nanoTime();

    /**
     * What was seen of a process.
     *
     * @param text its count of them, the collective that it is in or was in last, and its machine
     * @param since when that was seen first
     * @param collectiveSince when that collective was
     */
    private record Heartbeat(String text, long since, long collectiveSince) {
        String collective() {
            return text.split(" ", 3)[1];
        }

        String name(int rank) {
            return "process " + rank + " (" + text.split(" ", 3)[2] + ")";
        }

        /** Odd numbers are those of a process that waits for the others. */
        boolean isWaiting() {
            return Long.parseLong(collective()) % 2 == 1;
        }
    }

    /** @param store a connection for nothing else, since it may wait for a lost process 0 for ever */
    Watch(World world, SharedStore store) {
        this.world = world;
        this.store = store;
        heartbeats = new Heartbeat[world.place().size()];
        thread.setDaemon(true);
        thread.start();
    }

    /** Whether another process has this one's number: it sends heartbeats. One that has died sends none, and is replaced. */
    static boolean isThere(int rank, SharedStore store) {
        Optional<String> before = store.get(HEARTBEAT + rank);
        long start = System.nanoTime();
        while (before.isPresent() && since(start).compareTo(SUSPECT) < 0) {
            SharedStore.pause(PERIOD);
            if (!store.get(HEARTBEAT + rank).equals(before)) {
                return true;
            }
        }
        return false;
    }

    /** The main thread begins to wait for the others, or ends to: only it calls this. */
    void enterOrLeave() {
        collective++;
    }

    /** Whether a process is known to be lost. */
    boolean isBroken() {
        if (since(contact).compareTo(world.timeout()) > 0) {
            end.complete(silent(0));
        }
        return end.isDone();
    }

    /** @throws ResidualException when a process is lost */
    void requireAll() {
        if (isBroken()) {
            throw new LostProcessException(end.join(), null);
        }
    }

    /** What a collective that failed is to throw: the sentence that names who is lost, once that is known. */
    RuntimeException lost(RuntimeException cause) {
        if (cause instanceof ResidualException) {
            return cause;
        }
        broken = true;
        try {
            end.get(world.timeout().plus(SUSPECT).toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            end.complete(name(world.place().rank()) + " has lost a connection: " + ResidualException.firstLine(cause));
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
        return new LostProcessException(end.join(), cause);
    }

    /** Has all others end with this sentence, unless they have another one already. */
    void fail(String sentence) {
        failure = Optional.of(sentence);
    }

    private void watch() {
        try {
            boolean told = false;
            if (world.place().rank() == 0) {
                store.set(SIZE, Integer.toString(heartbeats.length));
            }
            for (long beats = 0; ; beats++) {
                int me = world.place().rank();
                store.set(HEARTBEAT + me, beats + " " + collective + " " + World.machine());
                if (broken && !told) {
                    told = true;
                    store.add(BROKEN, 1);
                }
                failure.ifPresent(this::tell);
                store.get(FAILURE).ifPresent(end::complete);
                look(store.add(BROKEN, 0) > 0);
                contact = System.nanoTime();
                if (closed.await(PERIOD.toMillis(), TimeUnit.MILLISECONDS)) {
                    break;
                }
            }
            failure.ifPresent(this::tell);
            store.set(DONE + world.place().rank(), "");
            awaitOthers();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } catch (RuntimeException e) {
            end.complete((world.master().served() ? "the store of torchrun" : name(0))
                    + " is lost: its connection is broken");
        }
    }

    /** A process that process 0 does not count, started by mistake, ends without the others. */
    private void tell(String sentence) {
        int size = store.get(SIZE).map(Integer::valueOf).orElse(heartbeats.length);
        if (world.place().rank() < size) {
            store.setOnce(FAILURE, sentence);
        }
    }

    /** @param suspicious whether somebody's connection is broken */
    private void look(boolean suspicious) {
        boolean first = world.place().rank() == 0;
        Duration limit = suspicious && SUSPECT.compareTo(world.timeout()) < 0 ? SUSPECT : world.timeout();
        for (int rank = 0; rank < (first ? heartbeats.length : 1); rank++) {
            Heartbeat seen = heartbeats[rank] = look(rank);
            if (seen != null
                    && since(seen.since).compareTo(limit) > 0
                    && store.get(DONE + rank).isEmpty()) {
                fail(suspicious ? seen.name(rank) + " is lost: its connection is broken" : silent(rank));
            }
        }
        if (first && nothingPasses()) {
            fail("no data between the processes for " + world.timeout().toSeconds()
                    + " s, although all are alive: the network is broken");
        }
    }

    /** @return null where it has not come yet */
    private Heartbeat look(int rank) {
        String heartbeat = store.get(HEARTBEAT + rank).orElse(null);
        Heartbeat before = heartbeats[rank];
        if (heartbeat == null || before != null && before.text.equals(heartbeat)) {
            return before;
        }
        long now = System.nanoTime();
        Heartbeat seen = new Heartbeat(heartbeat, now, now);
        boolean moved = before == null || !before.collective().equals(seen.collective());
        return moved ? seen : new Heartbeat(heartbeat, now, before.collectiveSince);
    }

    /** All wait in the same collective, and have done so for long; each of them was heard of just now. */
    private boolean nothingPasses() {
        for (Heartbeat seen : heartbeats) {
            if (seen == null
                    || since(seen.since).compareTo(ALIVE) > 0
                    || !seen.isWaiting()
                    || !seen.collective().equals(heartbeats[0].collective())
                    || since(seen.collectiveSince).compareTo(world.timeout()) < 0) {
                return false;
            }
        }
        return true;
    }

    private String silent(int rank) {
        return name(rank) + " has not been heard from for " + world.timeout().toSeconds() + " s";
    }

    private String name(int rank) {
        Heartbeat seen = heartbeats[rank];
        return seen != null ? seen.name(rank) : "process " + rank + (rank == 0 ? " (" + world.master() + ")" : "");
    }

    private static Duration since(long moment) {
        return Duration.ofNanos(System.nanoTime() - moment);
    }

    /** Process 0 stays until those that live have read what they must: the store ends with it. */
    private void awaitOthers() throws InterruptedException {
        Duration limit = end.isDone() || failure.isPresent() ? CLOSE_TIMEOUT : world.timeout();
        long start = System.nanoTime();
        for (int rank = 1; rank < heartbeats.length && world.place().rank() == 0; rank++) {
            boolean lives =
                    heartbeats[rank] != null && since(heartbeats[rank].since).compareTo(SUSPECT) < 0;
            while (lives && store.get(DONE + rank).isEmpty() && since(start).compareTo(limit) < 0) {
                Thread.sleep(50);
            }
        }
    }

    @Override
    public void close() {
        closed.countDown();
        Duration limit = world.place().rank() == 0 ? world.timeout().plus(CLOSE_TIMEOUT) : CLOSE_TIMEOUT;
        try {
            thread.join(limit.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
