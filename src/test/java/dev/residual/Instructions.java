package dev.residual;

import dev.residual.backend.Backend;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/** Says before the first test which vector instructions the suite runs with: rounding differs between them. */
public final class Instructions implements LauncherSessionListener {
    @Override
    public void launcherSessionOpened(LauncherSession session) {
        Engine.start();
        for (String name : new String[] {"auto", "libtorch"}) {
            try (Backend backend = Backend.of(name, Device.CPU, Precision.FP32)) {
                System.out.println("Computing on " + backend.description());
            }
        }
    }
}
