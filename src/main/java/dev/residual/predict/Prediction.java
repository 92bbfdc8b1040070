package dev.residual.predict;

/**
 * One class that a picture may show.
 *
 * @param className such as {@code cat}
 * @param probability that the network gives it (softmax), 0-1
 */
public record Prediction(String className, double probability) {}
