/**
 * libtorch's tensors in Java: loading the library, the life of native memory ({@link dev.residual.tensor.Scope}), arrays in
 * and out, devices and precisions. Nothing here knows networks.
 */
package dev.residual.tensor;
