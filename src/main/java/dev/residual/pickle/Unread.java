package dev.residual.pickle;

/**
 * Stands for a value of a pickle that was neither read nor made: what a function or class that is not on the list would
 * have given. Nothing is ever called for it.
 *
 * @param reason the rest of a sentence that begins with the file: {@code names 'argparse.Namespace'}
 */
public record Unread(String reason) {}
