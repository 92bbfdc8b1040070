/**
 * A trained network as one thing that travels as one thing: architecture, weights, classes, normalisation and where it came
 * from ({@link dev.residual.model.Model}), and the file that it is saved as.
 */
package dev.residual.model;
