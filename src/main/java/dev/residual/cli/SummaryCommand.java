package dev.residual.cli;

import dev.residual.AtomicFile;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import dev.residual.graph.Shape;
import dev.residual.graph.Summary;
import dev.residual.graph.Summary.Layer;
import dev.residual.nn.Architecture;
import dev.residual.nn.Names;
import dev.residual.report.NetworkDrawing;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "summary",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Prints each layer of a network with its output, parameters and multiply-adds, and the totals.")
final class SummaryCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ARCHITECTURE", description = Names.KNOWN + ".")
    private String architecture;

    @Mixin
    private ArchitectureOptions options = new ArchitectureOptions();

    @ArgGroup
    private Form form = new Form();

    /** Instead of the table. */
    private static final class Form {
        @Option(names = "--json", description = "Print one JSON document and nothing else.")
        private boolean json;

        @Option(
                names = "--trace",
                description = "Print the shapes as one image passes through, one operation per line.")
        private boolean trace;

        @Option(
                names = "--draw",
                paramLabel = "FILE.svg",
                description = "Draw the network like the paper's figure 3: one box per layer, one arc per shortcut.")
        private Path drawing;
    }

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Architecture network = UsageErrors.of(spec, () -> {
            ResidualException.require(
                    form.drawing == null
                            || form.drawing.toString().toLowerCase(Locale.ROOT).endsWith(".svg"),
                    "--draw " + form.drawing + ": expected a file called .svg");
            return options.architecture(architecture);
        });
        Graph graph = network.graph();
        Summary summary = Summary.of(graph);
        if (form.drawing != null) {
            AtomicFile.write(form.drawing, NetworkDrawing.svg(graph, network.name()));
            System.out.println(form.drawing + ": " + network.name());
            return Main.OK;
        }
        if (form.trace) {
            System.out.println(trace(graph));
            return Main.OK;
        }
        System.out.println(form.json ? Json.pretty(document(network.name(), summary)) : table(network.name(), summary));
        return Main.OK;
    }

    /** What goes into each operation and what comes out of it. */
    private static String trace(Graph graph) {
        StringBuilder lines = new StringBuilder();
        for (Node node : graph.nodes()) {
            String inputs =
                    graph.inputShapes(node).stream().map(Shape::toString).collect(Collectors.joining(" + "));
            lines.append(String.format(
                    Locale.ROOT,
                    "%-24s %-20s %s%s%n",
                    node.operation().name(),
                    node.operation().kind(),
                    inputs.isEmpty() ? "" : inputs + " → ",
                    node.shape()));
        }
        return lines.toString().stripTrailing();
    }

    private static Map<String, Object> document(String name, Summary summary) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("architecture", name);
        document.put("parameters", summary.parameters());
        document.put("multiply_adds", summary.multiplyAdds());
        document.put(
                "layers", summary.layers().stream().map(SummaryCommand::entry).toList());
        return document;
    }

    private static Map<String, Object> entry(Layer layer) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("name", layer.name());
        entry.put("kind", layer.kind());
        entry.put(
                "output",
                List.of(
                        layer.output().channels(),
                        layer.output().height(),
                        layer.output().width()));
        entry.put("parameters", layer.parameters());
        entry.put("multiply_adds", layer.multiplyAdds());
        return entry;
    }

    private static String table(String name, Summary summary) {
        StringBuilder table = new StringBuilder();
        String row = "%-21s %-19s %9s %11s %14s%n";
        table.append(String.format(Locale.ROOT, row, "layer", "kind", "output", "parameters", "multiply-adds"));
        for (Layer layer : summary.layers()) {
            table.append(String.format(
                    Locale.ROOT,
                    row,
                    layer.name(),
                    layer.kind(),
                    layer.output(),
                    count(layer.parameters()),
                    count(layer.multiplyAdds())));
        }
        table.append("─".repeat(78)).append(System.lineSeparator());
        table.append(String.format(
                Locale.ROOT, "%-51s %11s %14s%n", name, count(summary.parameters()), count(summary.multiplyAdds())));
        return table.toString().stripTrailing();
    }

    private static String count(long n) {
        return n == 0 ? "" : String.format(Locale.ROOT, "%,d", n);
    }
}
