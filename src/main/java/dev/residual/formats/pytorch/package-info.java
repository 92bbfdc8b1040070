/**
 * PyTorch's files, read without running what is in them, and written: both layouts, the state_dict within a checkpoint, and
 * the JSON beside it that says what the inputs must be. Which network the weights are of is told by
 * {@code formats.importing}.
 */
package dev.residual.formats.pytorch;
