package dev.residual.cli;

import dev.residual.Heap;
import dev.residual.ResidualException;
import dev.residual.model.Software;
import dev.residual.tensor.Engine;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command line. Each command is a class of its own; this one holds what they have in common. */
@Command(
        name = "residual",
        description = "Trains, compares and applies the CIFAR residual networks of He et al. (2015).",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "For a first look, without any data:",
            "  ./residual train --dataset shapes --architecture resnet8 --iterations 800",
            "",
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
            BenchCommand.class,
            CompletionCommand.class,
            StudyCommand.class,
            RunsCommand.class);

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Show the stack trace of an error ('import' also shows which tensor went where).")
    private boolean verbose;

    private Main() {}

    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        Locale.setDefault(Locale.ROOT); // figures in Latin digits, in charts too, and an I that becomes an i
        // Whatever the locale: tables, bars and JSON are UTF-8.
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        int code = FAILED;
        try {
            ResidualException.require(
                    Files.isDirectory(Path.of("").toAbsolutePath()),
                    "this locale cannot represent the working directory's name: set LC_ALL=C.UTF-8");
            code = run(args);
        } catch (ResidualException e) {
            System.err.println("residual: " + e.getMessage());
        } catch (Throwable e) { // a broken installation: nobody else would say it in a sentence
            System.err.println("residual: " + e);
        }
        Interruption.exit(code);
    }

    /** @return the exit code */
    static int run(String... args) {
        Main main = new Main();
        CommandLine commandLine = main.commandLine(args);
        if (args.length == 0) {
            commandLine.usage(commandLine.getErr());
            return USAGE;
        }
        try {
            boolean config =
                    List.of(args).contains("train") && String.join(" ", args).contains("--config");
            return commandLine.execute(config ? ConfigFile.expand(main.commandLine(args), args) : args);
        } catch (RuntimeException | Error e) { // picocli lets Errors pass
            return main.failed(e, commandLine.getErr());
        }
    }

    /** How MODEL is explained, wherever a command takes one. */
    static final String MODEL = "A run directory, a model file, or the name of a pretrained model ('residual models').";

    /** What starts another process of this program, as this one was started. */
    static List<String> program() {
        List<String> program = new ArrayList<>();
        program.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        program.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        program.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        return program;
    }

    /** The commands that are named, ready to read their options; the others by name only. */
    static CommandLine parser(String... args) {
        return new Main().commandLine(args);
    }

    private CommandLine commandLine(String... args) {
        CommandLine commandLine = new CommandLine(this);
        addCommands(commandLine, List.of(args));
        commandLine
                .setOut(new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), true))
                .setErr(new PrintWriter(new OutputStreamWriter(System.err, StandardCharsets.UTF_8), true))
                .setUsageHelpAutoWidth(true)
                .setAbbreviatedOptionsAllowed(false)
                .setExpandAtFiles(false) // a picture may be called @x.jpg
                .setParameterExceptionHandler((e, a) -> UsageErrors.print(e))
                .setExecutionExceptionHandler((e, c, r) -> failed(e, c.getErr()));
        Converters.register(commandLine);
        return commandLine;
    }

    /** To read all that the commands' classes say takes a twentieth of a second: only of those that are asked for. */
    private static void addCommands(CommandLine commandLine, List<String> args) {
        for (Class<?> c : COMMANDS) {
            Command command = c.getAnnotation(Command.class);
            if (args.contains(command.name()) || args.contains("completion")) {
                commandLine.addSubcommand(c);
                commandLine
                        .getSubcommands()
                        .get(command.name())
                        .getCommandSpec()
                        .versionProvider(new Version());
            } else {
                CommandSpec name = CommandSpec.create();
                name.usageMessage().description(command.description());
                commandLine.addSubcommand(command.name(), name);
            }
        }
        commandLine.addSubcommand(new HelpCommand());
    }

    boolean verbose() {
        return verbose;
    }

    private int failed(Throwable e, PrintWriter err) {
        if (e instanceof ResidualException) {
            err.println("residual: " + Console.harmless(e.getMessage()));
        } else if (Engine.isOutOfMemory(e)) {
            err.println(
                    "residual: there is not enough memory (training needs less with a smaller --batch-size or network)");
        } else if (causes(e).anyMatch(Main::isHeapFull)) {
            err.println("residual: Java's heap is too small: " + Heap.LARGER);
        } else if (causes(e).anyMatch(Main::isOfFonts)) {
            err.println("residual: Java finds no fonts for the charts: install fontconfig and a font, such as DejaVu");
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

    private static Stream<Throwable> causes(Throwable e) {
        return Stream.iterate(e, Objects::nonNull, Throwable::getCause);
    }

    /** Java2D says it by a NullPointerException, an InternalError or a missing library, by version. */
    private static boolean isOfFonts(Throwable e) {
        return Stream.of(e.getStackTrace())
                        .limit(1)
                        .anyMatch(at -> at.getClassName().startsWith("sun.font."))
                || String.valueOf(e.getMessage()).matches("(?s).*([Ff]ontconfig|libfontmanager|libfreetype).*");
    }

    private static boolean isHeapFull(Throwable e) { // and not the memory for a thread, or a native library's
        return e instanceof OutOfMemoryError && String.valueOf(e.getMessage()).matches("Java heap space|GC overhead.*");
    }

    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {
                "residual " + Software.version(),
                "libtorch " + Engine.version("pytorch") + ", oneDNN " + Engine.version("dnnl"),
                "Java " + System.getProperty("java.version") + ", " + System.getProperty("os.name") + " "
                        + System.getProperty("os.arch")
            };
        }
    }
}
