package dev.residual.cli;

import dev.residual.Json;
import dev.residual.graph.Summary;
import dev.residual.graph.Summary.Layer;
import dev.residual.nn.Architecture;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
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
    @Parameters(paramLabel = "ARCHITECTURE", description = "resnetD, plainD or articleD with D = 6n+2.")
    private String architecture;

    @Mixin
    private ArchitectureOptions options = new ArchitectureOptions();

    @Option(names = "--json", description = "Print one JSON document and nothing else.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Architecture network = Usage.of(spec, () -> options.architecture(architecture));
        Summary summary = Summary.of(network.graph());
        System.out.println(json ? Json.pretty(document(network.name(), summary)) : table(network.name(), summary));
        return Main.OK;
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
                Locale.ROOT, row, name, "", "", count(summary.parameters()), count(summary.multiplyAdds())));
        return table.toString().stripTrailing();
    }

    private static String count(long n) {
        return n == 0 ? "" : String.format(Locale.ROOT, "%,d", n);
    }
}
