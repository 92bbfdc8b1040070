package dev.residual.cli;

import dev.residual.study.Comparison;
import dev.residual.study.ComparisonReport;
import dev.residual.study.ComparisonTable;
import java.nio.file.Path;

/** A comparison in the terminal. */
final class ComparisonView {
    private ComparisonView() {}

    /** @param directory that its files are in */
    static void print(Console console, ComparisonReport report, Path directory) {
        Comparison comparison = report.comparison();
        console.line("");
        new ComparisonTable(comparison).lines().forEach(console::line);
        console.line("");
        if (!comparison.summary().isEmpty()) {
            console.line(comparison.summary());
        }
        console.line("  table      " + directory.resolve("table.md") + ", .csv");
        console.line("  curves     " + directory.resolve("curves.png") + ", .svg");
        if (!report.responses().isEmpty()) {
            console.line("  responses  " + directory.resolve("responses.png") + ", .svg, .csv");
        }
        console.line("  report     " + directory.resolve("report.html"));
    }
}
