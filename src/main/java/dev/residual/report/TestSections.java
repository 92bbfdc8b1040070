package dev.residual.report;

import dev.residual.evaluate.Evaluation;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** The sections about the test split: what the network says about its images. */
final class TestSections {
    /** How many of the mistakes are shown. */
    private static final int MISTAKES = 24;

    /** More cannot be looked at, and the page would grow by the square of them. */
    private static final int MATRIX_CLASSES = 200;

    private final RunReport.Test test;
    private final List<String> classes;

    TestSections(RunReport.Test test) {
        this.test = test;
        classes = test.classes().stream().map(Html::escape).toList();
    }

    String all() {
        return "<div class=\"beside\">\n" + confusion() + perClass() + "</div>\n" + mistakes();
    }

    /** The numbers of the wrongly classified images, the most confident first, at most {@code limit}. */
    static int[] mostConfidentMistakes(Evaluation e, int limit) {
        return IntStream.range(0, e.images())
                .filter(i -> e.labels()[i] != e.predicted()[i])
                .boxed()
                .sorted(Comparator.comparing((Integer i) -> -e.confidence()[i]))
                .limit(limit)
                .mapToInt(i -> i)
                .toArray();
    }

    private String confusion() {
        Evaluation evaluation = test.evaluation();
        if (classes.size() > MATRIX_CLASSES) {
            return Html.section(
                    "Confusion matrix",
                    Html.sentence(Html.count(evaluation.correct()) + " of the " + Html.count(evaluation.images())
                            + " images of the test split are classified correctly. For " + classes.size()
                            + " classes the matrix is not drawn; evaluate --json prints it."));
        }
        StringBuilder columns = new StringBuilder();
        StringBuilder rows = new StringBuilder();
        int[][] confusion = evaluation.confusion();
        for (int actual = 0; actual < classes.size(); actual++) {
            columns.append("<th scope=\"col\"><span>%s</span></th>".formatted(classes.get(actual)));
            rows.append("<tr><th scope=\"row\">%s</th>".formatted(classes.get(actual)));
            int total = IntStream.of(confusion[actual]).sum();
            for (int predicted = 0; predicted < classes.size(); predicted++) {
                rows.append(cell(actual == predicted, confusion[actual][predicted], total));
            }
            rows.append("</tr>\n");
        }
        return Html.section("Confusion matrix", """
                <div class="scroll">
                <table class="confusion">
                <caption>%s of the %s images of the test split are classified correctly. Rows: the actual class; columns: \
                the predicted one. Colour: share of the row, blue for correct, orange for errors (square-root scale, so \
                that small counts stay visible).</caption>
                <thead>
                <tr><td></td>%s</tr>
                </thead>
                <tbody>
                %s</tbody>
                </table>
                </div>
                """.formatted(
                        Html.count(evaluation.correct()), Html.count(evaluation.images()), columns, rows));
    }

    private static String cell(boolean correct, int images, int total) {
        double share = total == 0 ? 0 : (double) images / total;
        double shade = correct ? share : Math.sqrt(share);
        String kind = (correct ? "right" : "wrong") + (images == 0 ? " zero" : "");
        return String.format(
                Locale.ROOT, "<td class=\"%s\" style=\"--shade:%.3f\">%s</td>", kind, shade, Html.count(images));
    }

    private String perClass() {
        StringBuilder rows = new StringBuilder();
        double[] accuracy = test.evaluation().recall();
        for (int c = 0; c < classes.size(); c++) {
            rows.append(String.format(
                    Locale.ROOT,
                    "<tr><th scope=\"row\">%s</th><td class=\"bar\"><div style=\"width:%.2f%%\"></div></td><td>%s</td></tr>\n",
                    classes.get(c),
                    Double.isNaN(accuracy[c]) ? 0 : accuracy[c],
                    Html.percent(accuracy[c], 1)));
        }
        return Html.section("Recall by class", """
                <table class="bars">
                <caption>Share of each class's test images that are classified correctly.</caption>
                <tbody>
                %s</tbody>
                </table>
                """.formatted(rows));
    }

    private String mistakes() {
        String heading = "Most confident mistakes";
        Evaluation evaluation = test.evaluation();
        int[] mistakes = mostConfidentMistakes(evaluation, MISTAKES);
        if (mistakes.length == 0) {
            return Html.section(heading, Html.sentence("Every test image is classified correctly."));
        }
        StringBuilder figures = new StringBuilder();
        for (int i : mistakes) {
            String actual = classes.get(evaluation.labels()[i]);
            String predicted = classes.get(evaluation.predicted()[i]);
            String confidence = Html.percent(100.0 * evaluation.confidence()[i], 2);
            figures.append(
                    """
                    <figure>
                    <img alt="Test image %s: actual %s, predicted %s" src="%s"/>
                    <figcaption>actual <b>%s</b><br/>predicted <b class="miss">%s</b><br/>%s</figcaption>
                    </figure>
                    """.formatted(i, actual, predicted, Tiles.image(test.images(), i), actual, predicted, confidence));
        }
        return Html.section(heading, """
                <p>The wrongly classified test images about which the network is most certain, with the probability that
                it gives to the predicted class.</p>
                <div class="mistakes">
                %s</div>
                """.formatted(figures));
    }
}
