/**
 * From a data set, a network and a recipe to a run ({@link dev.residual.launch.Training}), as the command line and Java
 * programs start it; and finding the model that a person names. The loop is in {@code train}.
 */
package dev.residual.launch;
