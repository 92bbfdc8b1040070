package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Augmentation;
import dev.residual.data.Cifar100;
import dev.residual.data.Normalization;
import dev.residual.formats.Naming;
import dev.residual.model.Software;
import dev.residual.nn.Activation;
import dev.residual.nn.Block.Layer;
import dev.residual.nn.Shortcut;
import dev.residual.recipe.Optimizer.Decay;
import dev.residual.tensor.Engine;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line. Each command is a class of its own; this one holds what they have in common. */
@Command(
        name = "residual",
        description = "Trains, studies and uses the CIFAR residual networks of He et al. (2015).",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "For a first look, without any data:  ./residual train --dataset shapes --architecture resnet8 --iterations 800",
            "'residual help COMMAND' describes a command."
        })
public final class Main {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final int INTERRUPTED = 130;

    private static final List<Class<?>> COMMANDS = List.of(
            TrainCommand.class,
            ResumeCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            SummaryCommand.class,
            ReportCommand.class,
            ImportCommand.class,
            ExportCommand.class,
            ModelsCommand.class,
            BenchCommand.class);

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Show the stack trace of an error, and more of what is done.")
    private boolean verbose;

    private Main() {}

    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        // Whatever the locale: tables, bars and JSON are UTF-8.
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        int code = FAILED;
        try {
            code = run(args);
        } catch (Throwable e) { // no memory, a broken installation: nobody else would say it in a sentence
            System.err.println("residual: " + e);
        }
        Interruption.exit(code);
    }

    /** @return the exit code */
    static int run(String... args) {
        Main main = new Main();
        CommandLine commandLine = new CommandLine(main);
        addCommands(commandLine, List.of(args));
        commandLine
                .setOut(new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), true))
                .setErr(new PrintWriter(new OutputStreamWriter(System.err, StandardCharsets.UTF_8), true))
                .registerConverter(Augmentation.class, oneOf(Augmentation.values()))
                .registerConverter(Normalization.Kind.class, oneOf(Normalization.Kind.values()))
                .registerConverter(Shortcut.class, oneOf(Shortcut.values()))
                .registerConverter(Activation.class, oneOf(Activation.values()))
                .registerConverter(Layer.class, Layer::of)
                .registerConverter(RecipeOptions.OptimizerKind.class, oneOf(RecipeOptions.OptimizerKind.values()))
                .registerConverter(Decay.On.class, oneOf(Decay.On.values()))
                .registerConverter(EvaluateCommand.Part.class, oneOf(EvaluateCommand.Part.values()))
                .registerConverter(ExportCommand.Format.class, oneOf(ExportCommand.Format.values()))
                .registerConverter(Cifar100.Labels.class, oneOf(Cifar100.Labels.values()))
                .registerConverter(Naming.class, oneOf(Naming.values()))
                .setUsageHelpAutoWidth(true)
                .setAbbreviatedOptionsAllowed(false)
                .setExpandAtFiles(false) // a picture may be called @x.jpg
                .setParameterExceptionHandler((e, a) -> usageError(e))
                .setExecutionExceptionHandler((e, c, r) -> main.failed(e, c.getErr()));
        if (args.length == 0) {
            commandLine.usage(commandLine.getErr());
            return USAGE;
        }
        return commandLine.execute(args);
    }

    /** To read all that the commands' classes say takes a twentieth of a second: only of those that are asked for. */
    private static void addCommands(CommandLine commandLine, List<String> args) {
        for (Class<?> c : COMMANDS) {
            Command command = c.getAnnotation(Command.class);
            if (args.contains(command.name())) {
                commandLine.addSubcommand(c);
            } else {
                CommandSpec name = CommandSpec.create();
                name.usageMessage().description(command.description());
                commandLine.addSubcommand(command.name(), name);
            }
        }
        commandLine.addSubcommand(new HelpCommand());
    }

    /** Reads a value by the name that it is written as, in upper or lower case. */
    private static <E extends Enum<E>> ITypeConverter<E> oneOf(E[] values) {
        return name -> Arrays.stream(values)
                .filter(v -> v.toString().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException(
                        "expected one of " + Arrays.toString(values) + ", but was '" + name + "'"));
    }

    boolean verbose() {
        return verbose;
    }

    private static int usageError(ParameterException e) {
        PrintWriter err = e.getCommandLine().getErr();
        err.println("residual: " + e.getMessage());
        List<String> similar = e instanceof UnmatchedArgumentException u ? u.getSuggestions() : List.of();
        if (!similar.isEmpty()) {
            err.println("Did you mean " + String.join(" or ", similar) + "?");
        }
        err.println("See '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
        return USAGE;
    }

    private int failed(Exception e, PrintWriter err) {
        if (e instanceof ResidualException) {
            err.println("residual: " + e.getMessage());
        } else if (Engine.isOutOfMemory(e)) {
            err.println("residual: there is not enough memory: take a smaller --batch-size or network");
        } else {
            String first = e.toString().lines().findFirst().orElse("");
            err.println("residual: internal error: " + first + " (--verbose shows where)");
        }
        if (verbose) {
            e.printStackTrace(err);
        }
        err.flush();
        return FAILED;
    }

    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"residual " + Software.version()};
        }
    }
}
