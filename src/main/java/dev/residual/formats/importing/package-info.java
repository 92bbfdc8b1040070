/**
 * Weights of other projects as a model: which network they are of, told by names and shapes, and where each tensor goes. The
 * file formats themselves are in {@code formats.pytorch} and {@code formats.safetensors}.
 */
package dev.residual.formats.importing;
