package dev.residual.backend;

import com.sun.management.OperatingSystemMXBean;
import dev.residual.tensor.Engine;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * How many cores other processes keep busy, as far as this process can see (not beyond its container). Processes of the
 * same training run do not count: they have their own cores.
 */
final class BusyCores implements IntSupplier {
    private static final long EVERY = TimeUnit.SECONDS.toNanos(1);

    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private long last = System.nanoTime() - EVERY;
    private int busy;

    /** The mean over about a second, rounded; 0 where the system does not tell. */
    @Override
    public int getAsInt() {
        long now = System.nanoTime();
        if (now - last >= EVERY) {
            last = now;
            // Both since they were asked last, as shares of all cores, and negative where they are not known.
            // Processes that train together work in step, and so as hard as this one.
            double ours = Math.max(0, system.getProcessCpuLoad()) * Engine.processes();
            double others = Math.max(0, system.getCpuLoad()) - ours;
            busy = (int) Math.max(0, Math.round(others * system.getAvailableProcessors()));
        }
        return busy;
    }
}
