/**
 * How good a model is on a set of images: loss, accuracy, recall by class, confusion matrix, and the images that it takes for
 * something else. It does not train; what classifies single pictures is in {@code predict}.
 */
package dev.residual.evaluate;
