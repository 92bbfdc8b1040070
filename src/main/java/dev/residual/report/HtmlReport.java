package dev.residual.report;

import dev.residual.AtomicFile;
import dev.residual.Text;
import dev.residual.run.Metrics;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;

/** One page about one run, in one file: it loads nothing and runs no script. */
public final class HtmlReport {
    private final RunReport run;

    private HtmlReport(RunReport run) {
        this.run = run;
    }

    /**
     * Writes the page, atomically.
     *
     * @throws dev.residual.ResidualException when the file cannot be written
     */
    public static void write(RunReport run, Path file) {
        AtomicFile.write(file, new HtmlReport(run).page());
    }

    private String page() {
        return Html.page(
                run.curves().name(),
                header()
                        + curves()
                        + run.test().map(test -> new TestSections(test).all()).orElse("")
                        + filters(run.filters())
                        + Html.section(
                                "Configuration",
                                Html.table(
                                        "What the run was asked to do",
                                        run.tables().configuration()))
                        + Html.section(
                                "Provenance",
                                Html.table(
                                        "Software, hardware and data",
                                        run.tables().provenance())));
    }

    private String header() {
        StringBuilder figures = new StringBuilder();
        if (!run.curves().metrics().isEmpty()) {
            Metrics last = run.curves().metrics().get(run.curves().metrics().size() - 1);
            figure(figures, "Test accuracy", Html.percent(last.test().accuracy(), 2));
            figure(figures, "Test loss", Html.decimal(last.test().loss(), 4));
            figure(figures, "Training loss", Html.decimal(last.train().loss(), 4));
            figure(figures, "Iterations", Html.count(last.iteration()));
            figure(figures, "Training time", Text.duration(last.time().seconds()));
            figure(figures, "Images per second", Html.decimal(imagesPerSecond(), 0));
        }
        figure(figures, "Parameters", Html.count(run.parameters()));
        return header(run.curves().name(), run.note(), figures);
    }

    static String header(String name, String note, StringBuilder figures) {
        return """
                <header>
                <h1>%s</h1>
                %s<dl>
                %s</dl>
                </header>
                """.formatted(Html.escape(name), note.isEmpty() ? "" : "<p>" + Html.escape(note) + "</p>\n", figures);
    }

    static void figure(StringBuilder figures, String name, String value) {
        figures.append("<div><dt>%s</dt><dd>%s</dd></div>\n".formatted(name, value));
    }

    /** The median over the epochs: the first one, and those during other work, are slower. */
    private double imagesPerSecond() {
        double[] rates = run.curves().metrics().stream()
                .mapToDouble(m -> m.time().imagesPerSecond())
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        return rates.length == 0 ? Double.NaN : rates[rates.length / 2];
    }

    private String curves() {
        Curves curves = run.curves();
        String caption = "Loss and accuracy at the end of each epoch."
                + (run.curves().changes().isEmpty() ? "" : " Dashed lines: the learning rate (lr) changes.");
        return Html.section("Learning curves", """
                <figure class="curves">
                <picture>
                <source media="(max-width: 40rem)" srcset="data:image/svg+xml;base64,%s"/>
                <img alt="Learning curves: loss above, accuracy below, over %s" src="data:image/svg+xml;base64,%s"/>
                </picture>
                <figcaption>%s</figcaption>
                </figure>
                """.formatted(
                        Base64.getEncoder().encodeToString(curves.narrow().svg()),
                        run.curves().look() == Curves.Look.ITERATIONS ? "iterations" : "epochs",
                        Base64.getEncoder().encodeToString(curves.svg()),
                        caption));
    }

    static String filters(Optional<Filters> found) {
        String heading = "Filters of the first convolution";
        if (found.isEmpty()) {
            return Html.section(heading, Html.sentence("Weights not available."));
        }
        Filters filters = found.get();
        float largest = filters.largest();
        StringBuilder tiles = new StringBuilder();
        for (int o = 0; o < filters.out(); o++) {
            tiles.append("<img alt=\"Filter %s\" src=\"%s\"/>\n".formatted(o, Tiles.filter(filters, o, largest)));
        }
        return Html.section(heading, """
                <figure>
                <div class="filters">
                %s</div>
                <figcaption>The %s filters of %s×%s weights over red, green and blue, each pixel the three weights of one
                position. Mid-grey is 0; %s, the largest magnitude of all, is full or no intensity of a colour. One scale
                for all filters.</figcaption>
                </figure>
                """.formatted(
                        tiles, filters.out(), filters.height(), filters.width(), Html.decimal(largest, 3)));
    }
}
