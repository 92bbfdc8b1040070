package dev.residual;

/** Java's heap. */
public final class Heap {
    /** How to make it larger, for error messages. */
    public static final String LARGER = "set RESIDUAL_HEAP (such as 6g), or java's option -Xmx";

    private Heap() {}

    /** Bytes that can still be taken; what is no longer used but not collected yet does not count. */
    public static long free() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
    }
}
