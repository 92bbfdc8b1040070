package dev.residual;

import dev.residual.tensor.Engine;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/** Says before the first test which vector instructions the suite runs with: rounding differs between them. */
public final class Instructions implements LauncherSessionListener {
    @Override
    public void launcherSessionOpened(LauncherSession session) {
        Engine.start();
        System.out.println("Vector instructions: " + Engine.kernels() + "; libtorch " + Engine.libtorchInstructions());
    }
}
