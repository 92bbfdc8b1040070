/**
 * Training: the loop ({@link dev.residual.train.Trainer}), what it changes, the loss, and what happens at the end of an epoch.
 * Recipes are values in {@code recipe}; the files of a run are in {@code run}; where a program begins is {@code launch}.
 */
package dev.residual.train;
