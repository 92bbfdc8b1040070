package dev.residual.cli;

/** How MODEL is explained, wherever a command takes one. */
final class ModelOption {
    static final String DESCRIPTION =
            "A run directory, a model file, or the name of a shipped model ('residual models').";

    private ModelOption() {}
}
