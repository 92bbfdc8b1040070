package dev.residual.train;

import dev.residual.model.Model;
import dev.residual.run.Metrics;

/**
 * The result of a finished training run.
 *
 * @param model after the last iteration
 * @param metrics of it
 */
public record Trained(Model model, Metrics metrics) {}
