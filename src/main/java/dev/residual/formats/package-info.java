/**
 * The names of tensors, ours and other projects'. The file formats are in the packages below this one.
 */
package dev.residual.formats;
