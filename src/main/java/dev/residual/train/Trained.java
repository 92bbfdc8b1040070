package dev.residual.train;

import dev.residual.model.Model;
import dev.residual.run.Metrics;

/**
 * What a training run that reached its end came to.
 *
 * @param model after the last iteration
 * @param metrics of it
 */
public record Trained(Model model, Metrics metrics) {}
