package dev.residual.cli;

import dev.residual.ResidualException;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Tells wrong usage (exit code 2) from what goes wrong later (1). */
final class Usage {
    private Usage() {}

    /** Makes a value out of options alone; where they do not give one, the usage is wrong. */
    static <T> T of(CommandSpec spec, Supplier<T> value) {
        try {
            return value.get();
        } catch (ResidualException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
