/**
 * A run directory: its configuration, metrics and checkpoints, which are written whole and read strictly, and its log, steps
 * and TensorBoard events, which grow line by line. What fills it is in {@code train}.
 */
package dev.residual.run;
