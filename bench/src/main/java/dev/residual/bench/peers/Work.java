package dev.residual.bench.peers;

import java.util.Locale;

/** What contestants are compared in. */
enum Work {
    /** Steps: a minibatch forward and backward, and the optimizer. */
    TRAINING("step"),
    /** Minibatches forward. */
    INFERENCE("batch"),
    /** Whole epochs with all that belongs to them. */
    EPOCH("epoch");

    private final String unit;

    Work(String unit) {
        this.unit = unit;
    }

    /** What one step of a turn is called. */
    String unit() {
        return unit;
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
