package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Datasets;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What is said where the usage is wrong: the fault, and the nearest thing that is right. */
final class UsageErrors {
    /** What picocli's help command says. */
    private static final Pattern UNKNOWN_TOPIC = Pattern.compile("^Unknown subcommand '(.*)'\\.$");

    private UsageErrors() {}

    /** @return the exit code */
    static int print(ParameterException e) {
        Matcher unknown = UNKNOWN_TOPIC.matcher(e.getMessage());
        if (unknown.find()) { // as of a command that is typed alone
            return print(new UnmatchedArgumentException(e.getCommandLine(), List.of(unknown.group(1))));
        }
        CommandSpec spec = e.getCommandLine().getCommandSpec();
        PrintWriter err = e.getCommandLine().getErr();
        if (e instanceof UnmatchedArgumentException unmatched) {
            String typed = unmatched.getUnmatched().get(0).replaceAll("=.*", "");
            err.println("residual: " + Console.harmless(sentence(typed, spec)));
            Optional<String> hint = hint(typed, spec);
            List<String> similar = hint.map(List::of).orElseGet(unmatched::getSuggestions);
            if (!similar.isEmpty()) {
                err.println("Did you mean " + String.join(" or ", similar) + "?");
            }
        } else {
            err.println("residual: " + Console.harmless(e.getMessage().replaceFirst("^Error: ", "")));
        }
        err.println("See '" + spec.qualifiedName() + " --help'.");
        return Main.USAGE;
    }

    /** Makes a value out of options alone; where they do not give one, the usage is wrong (exit code 2, not 1). */
    static <T> T of(CommandSpec spec, Supplier<T> value) {
        try {
            return value.get();
        } catch (ResidualException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private static String sentence(String typed, CommandSpec spec) {
        if (typed.startsWith("-")) {
            return "'" + spec.qualifiedName() + "' has no option " + typed;
        }
        return spec.subcommands().isEmpty()
                ? "'" + spec.qualifiedName() + "' does not expect '" + typed + "'"
                : "there is no command '" + typed + "'";
    }

    private static Optional<String> hint(String typed, CommandSpec spec) {
        String spelt = "--" + typed.replaceFirst("^-+", "").replace('_', '-');
        if (typed.startsWith("-") && spec.findOption(spelt) != null) {
            return Optional.of(spelt);
        }
        if (has(spec, "--architecture") && typed.matches("(resnet|plain|article)\\d+|wrn-\\d+-\\d+")) {
            return Optional.of("--architecture " + typed);
        }
        if (has(spec, "--dataset") && Datasets.names().contains(typed)) {
            return Optional.of("--dataset " + typed);
        }
        if (typed.matches("--(model|checkpoint|weights)") && takesModel(spec)) {
            return Optional.of("MODEL without an option before it");
        }
        return Hints.of(typed).filter(hint -> !hint.startsWith("--") || has(spec, hint.split(" ")[0]));
    }

    private static boolean takesModel(CommandSpec spec) {
        return List.of("evaluate", "predict", "export").contains(spec.name());
    }

    private static boolean has(CommandSpec spec, String option) {
        return spec.findOption(option) != null;
    }
}
