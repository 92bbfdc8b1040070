/**
 * A trained network as one value: architecture, weights, classes, normalisation and provenance ({@link
 * dev.residual.model.Model}), and the file that it is saved as.
 */
package dev.residual.model;
