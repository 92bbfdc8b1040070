/**
 * A model as an ONNX file. It is written, not read.
 */
package dev.residual.formats.onnx;
