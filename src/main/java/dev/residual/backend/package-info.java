/**
 * Who computes a network: {@link dev.residual.backend.Backend}, by oneDNN or by libtorch. Layouts of activations, primitives,
 * memory and threads are known here and nowhere else. What a network is, is in {@code graph}; in which order its operations
 * are computed, in {@code nn}.
 */
package dev.residual.backend;
