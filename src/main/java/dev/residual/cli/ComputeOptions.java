package dev.residual.cli;

import dev.residual.backend.Backend;
import dev.residual.tensor.Device;
import dev.residual.tensor.Precision;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a network is trained on, and in which precision. */
final class ComputeOptions {
    @Option(
            names = "--precision",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "fp32, bf16 (the convolutions in 16 bits; weights, BN's statistics, classifier and loss"
                    + " stay fp32), or auto: bf16 if the processor has fast instructions for it (Intel's AMX, AMD's"
                    + " AVX-512). Default:"
                    + " ${DEFAULT-VALUE}.")
    String precision;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "auto, cpu or cuda. Default: ${DEFAULT-VALUE}.")
    String device;

    @Mixin
    BackendOption backend = new BackendOption();

    /** @throws dev.residual.ResidualException when there is no such precision, device or backend */
    void require() {
        Device.requireName(device);
        Precision.requireName(precision);
        Backend.requireName(backend.name());
    }
}
