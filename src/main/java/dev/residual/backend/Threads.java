package dev.residual.backend;

import dev.residual.tensor.Engine;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * How many threads an operation of a training step gets.
 *
 * <p>Each takes an equal part of the work. If one of them must share its core with another process, all wait for it, so
 * an operation gets only as many as there are cores that nobody else keeps busy. That must not show in the results: an
 * operation whose bits depend on the number, since each thread adds up its part by itself, asks for it
 * ({@link #withFixedThreads}) and gets the same number whatever happens around it.
 */
final class Threads {
    private final int all = Engine.threads();
    private final IntSupplier busyElsewhere;
    private int busy;
    private int fixed;
    private int free;

    /** @param busyElsewhere how many cores other processes keep busy; asked once a step */
    Threads(IntSupplier busyElsewhere) {
        this.busyElsewhere = busyElsewhere;
    }

    int all() {
        return all;
    }

    /** A step begins. */
    void begin() {
        busy = all == 1 ? 0 : busyElsewhere.getAsInt();
        share(all, all);
    }

    /** Whether other processes keep cores busy. */
    boolean crowded() {
        return busy > 0;
    }

    /**
     * From here on an operation gets:
     *
     * @param fixed threads if its bits depend on it
     * @param usual threads otherwise, fewer if others keep cores busy
     */
    void share(int fixed, int usual) {
        this.fixed = fixed;
        free = Math.max(1, usual - busy);
        Engine.useThreads(free);
    }

    <T> T withFixedThreads(Supplier<T> operation) {
        if (free == fixed) {
            return operation.get();
        }
        Engine.useThreads(fixed);
        try {
            return operation.get();
        } finally {
            Engine.useThreads(free);
        }
    }

    /** A step ends. */
    void end() {
        Engine.useThreads(all);
    }
}
