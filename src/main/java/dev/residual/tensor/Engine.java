package dev.residual.tensor;

import dev.residual.ResidualException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;

/** Loads libtorch and sets its threads. Everything that computes needs {@link #start} first. */
public final class Engine {
    public static final int MAX_THREADS = 1024;

    private static final String CACHE = "org.bytedeco.javacpp.cachedir";

    private static final String EXTENSION = "org.bytedeco.javacpp.platform.extension";

    /** Bytes of libtorch and oneDNN, and something to spare. */
    private static final long UNPACKED = 500L << 20;

    private static boolean started;

    private static volatile int threads = 1;

    private static volatile int processes = 1;

    private Engine() {}

    /** Loads libtorch, once; an operation uses one thread, unless another number was set before. */
    public static synchronized void start() {
        if (!started) {
            start(1);
        }
    }

    /**
     * Loads libtorch, once, and sets the number of threads that one operation uses.
     *
     * @param threads from 1 to 1,024
     * @throws ResidualException when this machine has no natives of libtorch
     */
    public static synchronized void start(int threads) {
        if (threads < 1 || threads > MAX_THREADS) {
            throw new ResidualException("threads " + threads + ": expected 1 to " + MAX_THREADS);
        }
        load();
        useThreads(threads);
        Engine.threads = threads;
        started = true;
    }

    /** Sets how many threads an operation uses that the calling thread starts. */
    public static void useThreads(int threads) {
        torch.get_num_threads(); // the first call in a new thread sets the number that any thread set last, so it
        // comes before ours
        torch.set_num_threads(threads);
    }

    /** How many threads an operation uses that the calling thread starts. */
    public static int currentThreads() {
        return torch.get_num_threads();
    }

    /** The number that it was started with, whoever asks. */
    public static int threads() {
        return threads;
    }

    /** Says how many processes train together on this machine, this one included. */
    public static void shareMachine(int count) {
        processes = count;
    }

    /** How many processes train together on this machine. */
    public static int processes() {
        return processes;
    }

    /** Threads, each of which computes its operations alone. They do not keep the JVM alive. */
    public static ExecutorService workers(int count, String name) {
        return Executors.newFixedThreadPool(count, work -> {
            Runnable alone = () -> {
                useThreads(1);
                work.run();
            };
            Thread thread = new Thread(alone, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The version of libtorch's bindings that are loaded, such as {@code 2.10.0-1.5.13}. */
    public static String libtorchVersion() {
        return version("pytorch");
    }

    /** The version of a library's bindings, without loading it. */
    public static String version(String artifact) {
        try {
            return Loader.getVersion("org.bytedeco", artifact);
        } catch (IOException e) {
            return "of an unknown version";
        }
    }

    /** The processor's vector instructions that libtorch's own operations use, such as {@code AVX2}. */
    public static String libtorchInstructions() {
        return torch.get_cpu_capability().getString();
    }

    /** Whether libtorch threw this because there is no memory left. */
    public static boolean isOutOfMemory(Throwable e) {
        return e instanceof RuntimeException
                && e.getMessage() != null
                && e.getMessage().contains("DefaultCPUAllocator: can't allocate memory");
    }

    private static void load() {
        // By default JavaCPP compares the resident memory of the whole process, shared pages included, with the heap's
        // limit, and can throw an OutOfMemoryError that is not one. Tensors are freed by scopes, not by that check.
        System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
        System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        String cache = System.getenv("RESIDUAL_CACHE");
        if (cache != null && !cache.isEmpty() && System.getProperty(CACHE) == null) {
            System.setProperty(CACHE, cache);
        }
        // Otherwise JavaCPP looks in every jar for each of CUDA's two dozen libraries: a tenth of a short start.
        if (System.getProperty(EXTENSION) == null && !hasCuda()) {
            System.setProperty(EXTENSION, "-cpu"); // any name that is not -gpu, the only one that libtorch has
        }
        try {
            unpack();
            load(torch.class);
            // For a single image libtorch tries NNPACK, which warns on standard error, again and again, where it does
            // not know the processor. Batches as training has them are too large for it anyway.
            torch.globalContext().setUserEnabledNNPACK(false);
        } catch (LinkageError | IOException e) {
            requireCache(e);
            throw new ResidualException(
                    "libtorch cannot be loaded on " + System.getProperty("os.name") + " "
                            + System.getProperty("os.arch")
                            + ": the build holds the natives of the machine that it was built on ("
                            + e.getMessage() + ")",
                    e);
        }
    }

    /** JavaCPP unpacks to here what it loads; on the first start that needs room and the right to write. */
    private static void requireCache(Throwable e) {
        String home = System.getProperty("user.home") + "/.javacpp/cache";
        Path cache = Path.of(System.getProperty(CACHE, home));
        boolean room = Files.isWritable(cache) && cache.toFile().getUsableSpace() > UNPACKED;
        if (!room) {
            throw new ResidualException(
                    "libtorch is unpacked to " + cache + ", which cannot be written or has less than 500 MB of room ("
                            + e.getMessage() + "): RESIDUAL_CACHE=DIR, or -D" + CACHE + "=DIR, chooses another folder",
                    e);
        }
    }

    /**
     * Loads a library that the build brings, and nothing of the system's: another libtorch in its library path (Debian's
     * libtorch1.13 and libtorch-dev, say) must not be loaded beside ours, or the process dies with SIGSEGV. JavaCPP looks
     * there for optional parts that we do not bring.
     */
    public static synchronized void load(Class<?> bindings) {
        String libraryPath = System.getProperty("java.library.path", "");
        System.setProperty("java.library.path", "");
        try {
            Loader.load(bindings);
        } finally {
            System.setProperty("java.library.path", libraryPath);
        }
    }

    /** Whether the build brings libtorch for CUDA. */
    private static boolean hasCuda() {
        String library = Loader.getPlatform() + "-gpu/" + System.mapLibraryName("torch_cuda");
        return Engine.class.getClassLoader().getResource("org/bytedeco/pytorch/" + library) != null;
    }

    /**
     * Unpacks what libtorch.so needs before it is loaded. JavaCPP unpacks and loads one library after the other; on the
     * first start the system's linker would not find libtorch_cpu.so beside libtorch.so, and would take the system's.
     */
    private static void unpack() throws IOException {
        for (String part : List.of("c10", "torch_cpu", "c10_cuda", "torch_cuda")) {
            String file = System.mapLibraryName(part);
            for (String build : List.of("", "-gpu")) { // one of the two is there
                Loader.cacheResource(torch.class, "/org/bytedeco/pytorch/" + Loader.getPlatform() + build + "/" + file);
            }
        }
    }
}
