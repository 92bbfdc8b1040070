package dev.residual;

/** Java's heap. */
public final class Heap {
    /** How to make it larger, for error messages. */
    public static final String LARGER = "set RESIDUAL_HEAP (such as 6g), or java's option -Xmx";

    private Heap() {}

    /** Bytes that can still be taken; where they seem to be fewer than wanted, what is no longer used is collected first. */
    public static long free(long wanted) {
        if (free() < wanted) {
            System.gc();
        }
        return free();
    }

    private static long free() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
    }
}
