/**
 * The residual networks ({@link dev.residual.nn.Architecture}): their names, blocks and shortcuts; their weights; and a
 * network at work, in training and in inference. What an operation is, is in {@code graph}; who computes it, in
 * {@code backend}.
 */
package dev.residual.nn;
