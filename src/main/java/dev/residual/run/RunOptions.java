package dev.residual.run;

import dev.residual.data.Datasets;
import dev.residual.nn.Architecture;
import dev.residual.nn.Block;
import dev.residual.recipe.RecipeChanges;
import java.io.File;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A configuration as options of {@code residual train}: those that are not the defaults, and all that are chosen by the machine. */
public final class RunOptions {
    private RunOptions() {}

    /** Values by option, without the dashes before it; a list with commas. */
    public static Map<String, String> of(RunConfig config) {
        Map<String, String> options = architecture(config.architecture());
        RunConfig.Data data = config.data();
        options.put("dataset", data.dataset());
        if (!data.dataset().equals(Datasets.SHAPES) && !data.directory().isEmpty()) { // which is generated
            options.put("data", data.directory());
        }
        if (data.validation() > 0) {
            options.put("validation", Integer.toString(data.validation()));
        }
        data.testFraction().ifPresent(fraction -> options.put("test-fraction", Double.toString(fraction)));
        options.put("recipe", config.recipe().name());
        options.putAll(RecipeChanges.of(config.recipe(), config.architecture()));
        RunConfig.Keep keep = config.keep();
        if (keep.best()) {
            options.put("keep", "best");
        }
        if (keep.logSteps()) {
            options.put("log-steps", "true");
        }
        if (keep.checkpointEvery() != RunConfig.Keep.DEFAULT_EVERY) {
            options.put("checkpoint-every", Long.toString(keep.checkpointEvery()));
        }
        options.put("seed", Long.toString(config.seed()));
        RunConfig.Compute compute = config.compute();
        if (compute.processes() > 1) {
            options.put("processes", Integer.toString(compute.processes()));
        }
        if (compute.syncBatchNorm()) {
            options.put("sync-batch-norm", "true");
        }
        options.put("threads", Integer.toString(compute.threads()));
        options.put("precision", compute.precision().toString());
        options.put("device", compute.device());
        options.put("backend", compute.backend());
        if (config.frozenStages() > 0) {
            options.put("freeze", Integer.toString(config.frozenStages()));
        }
        config.made().startedFrom().stream().findFirst().ifPresent(from -> options.put("from", from.split(": ", 2)[0]));
        return options;
    }

    private static Map<String, String> architecture(Architecture architecture) {
        Map<String, String> options = new LinkedHashMap<>();
        Architecture named = Architecture.of(architecture.baseName());
        options.put("architecture", architecture.baseName());
        if (architecture.shortcut() != named.shortcut()) {
            options.put("shortcut", architecture.shortcut().toString());
        }
        List<Integer> widths = architecture.stages().channels();
        if (!widths.equals(named.stages().channels())) {
            options.put("widths", widths.toString().replaceAll("[\\[\\] ]", ""));
        }
        Block block = architecture.block();
        boolean isOfItsStages = widths.size() == named.stages().channels().size();
        Architecture wide = isOfItsStages ? named.withWidths(widths) : named;
        if (!block.layers().equals(wide.block().layers())) {
            options.put("block", block.toString());
        }
        if (block.activation() != named.block().activation()) {
            options.put("activation", block.activation().toString());
        }
        if (architecture.survival() != 1) {
            options.put("stochastic-depth", Double.toString(architecture.survival()));
        }
        if (!architecture.image().equals(named.image())) {
            options.put("image-size", Integer.toString(architecture.image().height()));
        }
        if (architecture.convBias() != named.convBias()) {
            options.put("conv-bias", Boolean.toString(architecture.convBias()));
        }
        return options;
    }

    /** As an argument of a command line. */
    public static String argument(String option, String value) {
        return switch (value) {
            case "true" -> "--" + option;
            case "false" -> "--no-" + option;
            default -> "--" + option + "=" + value;
        };
    }

    /** The command that does it again, for a shell. */
    public static String command(RunConfig config) {
        StringBuilder command = new StringBuilder("residual train");
        of(config)
                .forEach((option, value) -> Stream.of(argument(option, value).split("=", 2))
                        .forEach(part -> command.append(' ').append(quoted(part))));
        return command.toString();
    }

    /** An argument, quoted where this system's shell would read something else. */
    public static String quoted(String argument) {
        if (File.separatorChar == '\\') {
            return argument.matches("[\\w@+=:,./\\\\-]+") ? argument : '"' + argument + '"';
        }
        return argument.matches("[\\w@%+=:,./-]+") ? argument : "'" + argument.replace("'", "'\\''") + "'";
    }
}
