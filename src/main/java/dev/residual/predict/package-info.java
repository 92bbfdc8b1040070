/**
 * Classifying pictures with a trained model ({@link dev.residual.predict.Classifier}), for applications that embed one; and
 * the models that are shipped. What measures a model on a data set is in {@code evaluate}.
 */
package dev.residual.predict;
