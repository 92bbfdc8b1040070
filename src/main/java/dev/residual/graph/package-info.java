/**
 * A network as data: a list of operations with their shapes and the names of their parameters ({@link
 * dev.residual.graph.Graph}), the builder that architectures are written with ({@link dev.residual.graph.GraphBuilder}),
 * and what turns one graph into another ({@link dev.residual.graph.Fusion}, {@link dev.residual.graph.Folding}). Nothing
 * here holds or computes a tensor.
 */
package dev.residual.graph;
