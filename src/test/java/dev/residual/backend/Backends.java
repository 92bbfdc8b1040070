package dev.residual.backend;

import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Assumptions;

/** Backends for tests. */
public final class Backends {
    private Backends() {}

    /** Skips a test that needs what this processor lacks; on x86, oneDNN in float32 must be there. */
    public static void assumeHere(String name, Precision precision) {
        Engine.start(Engine.threads());
        boolean mustBe =
                precision == Precision.FP32 && System.getProperty("os.arch").equals("amd64");
        Assumptions.assumeTrue(
                mustBe || computes(name, precision),
                () -> OneDnn.problem(precision).orElse(""));
    }

    public static boolean computes(String name, Precision precision) {
        return name.equals("libtorch") || OneDnn.problem(precision).isEmpty();
    }

    /** @param busyElsewhere how many cores other processes are to seem to keep busy */
    public static Backend with(String name, IntSupplier busyElsewhere) {
        return name.equals("onednn")
                ? new OneDnnBackend(busyElsewhere)
                : new LibtorchBackend(Device.CPU, "", busyElsewhere);
    }
}
