/**
 * How a network is trained, as values: the optimizer, the schedule of the learning rate, the length, what the network is
 * shown and when it is evaluated. The recipes are here; what carries them out is in
 * {@code train}.
 */
package dev.residual.recipe;
