/**
 * A run directory: its configuration, metrics, TensorBoard events, log and checkpoints, each a file that is written whole and
 * read strictly. What fills it is in {@code train}.
 */
package dev.residual.run;
