package dev.residual.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.run.RunOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * {@code train --config FILE}: options from a file, which those of the command line override. The file is a run's
 * {@code config.json}, or a JSON object of options such as <code>{"architecture": "resnet20", "lr": 0.05}</code>.
 */
final class ConfigFile {
    private static final int MAX_BYTES = 1 << 20;

    private ConfigFile() {}

    /** The arguments with those options of the file that they do not have. */
    static String[] expand(CommandLine commandLine, String[] args) {
        ParseResult given;
        try {
            given = commandLine.parseArgs(args).subcommand();
        } catch (ParameterException e) {
            return args; // reported when the command line is parsed
        }
        if (given == null || given.isUsageHelpRequested() || !given.hasMatchedOption("--config")) {
            return args;
        }
        CommandSpec train = given.commandSpec();
        Path file = given.matchedOptionValue("--config", (Path) null);
        List<String> expanded = new ArrayList<>(List.of(args));
        options(file).forEach((option, value) -> {
            String name = "--" + option;
            OptionSpec known = train.findOption(name);
            ResidualException.require(known != null, file + ": 'train' has no option " + name);
            ResidualException.require(
                    !option.equals("config"), file + ": 'config' is for the command line: a file cannot name another");
            boolean flag = known.arity().max() == 0;
            boolean off = flag && value.equals("false") && !known.negatable();
            boolean sameLength = List.of("iterations", "epochs").contains(option)
                    && (given.hasMatchedOption("--epochs") || given.hasMatchedOption("--iterations"));
            if (!given.hasMatchedOption(name) && !sameLength && !off) {
                expanded.add(flag ? RunOptions.argument(option, value) : name + "=" + value);
            }
        });
        return expanded.toArray(String[]::new);
    }

    private static Map<String, String> options(Path path) {
        Path file = Files.isDirectory(path) ? new RunDirectory(path).config() : path;
        try {
            ResidualException.require(Files.size(file) <= MAX_BYTES, file + ": larger than " + MAX_BYTES + " bytes");
            JsonNode tree = Json.tree(Files.readString(file), file.toString());
            ResidualException.require(tree.isObject(), file + ": expected a JSON object of options");
            return tree.path("architecture").isObject() ? ofRun(RunConfig.read(file)) : ofOptions(tree, file);
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    /** Where its data set is not where it was, the usual place is looked at instead. */
    private static Map<String, String> ofRun(RunConfig config) {
        Map<String, String> options = RunOptions.of(config);
        if (options.containsKey("data") && !Files.exists(Path.of(options.get("data")))) {
            options.remove("data");
        }
        return options;
    }

    private static Map<String, String> ofOptions(JsonNode tree, Path file) {
        Map<String, String> options = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> field : tree.properties()) {
            JsonNode value = field.getValue();
            String option = field.getKey().replace('_', '-');
            ResidualException.require(
                    value.isValueNode() && !value.isNull() || value.isArray(),
                    file + ": '" + field.getKey() + "': expected a number, a text, true, false or a list");
            options.put(
                    option,
                    value.isArray()
                            ? StreamSupport.stream(value.spliterator(), false)
                                    .map(JsonNode::asText)
                                    .collect(Collectors.joining(","))
                            : value.asText());
        }
        return options;
    }
}
