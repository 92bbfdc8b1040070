package dev.residual.distributed;

import dev.residual.ResidualException;

/** Another process of the run has ended, or is not heard from any more. */
public final class LostProcessException extends ResidualException {
    private static final long serialVersionUID = 1L;

    /** @param message which process, and what is known of it */
    public LostProcessException(String message, Throwable cause) {
        super(message, cause);
    }
}
