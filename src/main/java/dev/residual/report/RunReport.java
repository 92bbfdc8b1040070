package dev.residual.report;

import dev.residual.data.ImageSet;
import dev.residual.evaluate.Evaluation;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that {@link HtmlReport} says about one run.
 *
 * @param note a sentence under the title, such as that the run was interrupted; empty when there is nothing to say
 * @param curves its name and its metrics
 * @param parameters of the network
 * @param filters of the first convolution; empty when there are no weights
 */
public record RunReport(
        String note, Curves curves, long parameters, Optional<Test> test, Optional<Filters> filters, Tables tables) {
    /**
     * What the network predicts for the test split.
     *
     * @param classes their names, in the order of their numbers
     * @param evaluation in the order of the split
     * @param images the split
     */
    public record Test(List<String> classes, Evaluation evaluation, ImageSet images) {}

    /**
     * Tables at the end, each in its map's order.
     *
     * @param configuration what the run was asked to do
     * @param provenance software, hardware and data
     */
    public record Tables(Map<String, String> configuration, Map<String, String> provenance) {}
}
