package dev.residual.run;

import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.model.Model;
import java.util.Map;

/**
 * A run at one instant: all that is needed to go on as if nothing had happened.
 *
 * @param optimizer its state, such as momentum, by name
 */
public record Checkpoint(Progress progress, Model model, Map<String, NamedTensor> optimizer) {}
