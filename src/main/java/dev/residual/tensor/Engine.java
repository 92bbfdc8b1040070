package dev.residual.tensor;

import dev.residual.ResidualException;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;

/** Loads libtorch and sets its threads. Everything that computes needs {@link #start} first. */
public final class Engine {
    private Engine() {}

    /**
     * Loads libtorch, once, and sets the number of threads that one operation uses.
     *
     * @param threads at least 1
     * @throws ResidualException when this machine has no natives of libtorch
     */
    public static synchronized void start(int threads) {
        load();
        torch.set_num_threads(threads);
    }

    /** As {@link #start(int)} with a thread for each processor. */
    public static void start() {
        start(Runtime.getRuntime().availableProcessors());
    }

    public static int threads() {
        return torch.get_num_threads();
    }

    private static void load() {
        // JavaCPP looks into the system's library path too. A libtorch of another version that lies there (Debian's
        // package libtorch1.13, say) gets loaded beside ours, and the process dies with SIGSEGV.
        String libraryPath = System.getProperty("java.library.path", "");
        System.setProperty("java.library.path", "");
        // By default JavaCPP compares the resident memory of the whole process, shared pages included, with the heap's
        // limit, and can throw an OutOfMemoryError that is not one. Tensors are freed by scopes, not by that check.
        System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
        System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        try {
            Loader.load(torch.class);
        } catch (LinkageError e) {
            throw new ResidualException(
                    "libtorch cannot be loaded on " + System.getProperty("os.name") + " "
                            + System.getProperty("os.arch")
                            + ": the build holds the natives of the machine that it was built on (" + e.getMessage()
                            + ")",
                    e);
        } finally {
            System.setProperty("java.library.path", libraryPath);
        }
    }
}
