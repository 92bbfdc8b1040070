/**
 * The safetensors format: tensors by name, and texts by key. What the texts mean is said by {@code model} and {@code run}.
 */
package dev.residual.formats.safetensors;
