/**
 * The residual networks ({@link dev.residual.nn.Architecture}): their names, blocks and shortcuts; their weights; and
 * networks for training and inference. Operations are defined in {@code graph} and computed in {@code backend}.
 */
package dev.residual.nn;
