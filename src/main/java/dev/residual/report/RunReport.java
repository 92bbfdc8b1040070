package dev.residual.report;

import dev.residual.data.ImageSet;
import dev.residual.run.Metrics;
import dev.residual.train.Evaluation;
import dev.residual.train.LearningRate.Drop;
import java.util.List;
import java.util.Map;

/**
 * Everything that {@link HtmlReport} says about one run.
 *
 * @param name of the run
 * @param note a sentence under the title, such as that the run was interrupted; empty when there is nothing to say
 * @param look of the learning curves
 * @param metrics one row an epoch, in order
 * @param drops the iterations after which the learning rate changes
 * @param parameters how many weights the network trains
 * @param classes their names, in the order of their numbers
 * @param evaluation of the test split, in its order; null when there is none
 * @param test the test split; null when it cannot be had any more
 * @param filters of the first convolution; null when there are no weights
 * @param configuration shown as a table, in the map's order
 * @param provenance what the run was made from and on; shown as a table, in the map's order
 */
public record RunReport(
        String name,
        String note,
        Curves.Look look,
        List<Metrics> metrics,
        List<Drop> drops,
        long parameters,
        List<String> classes,
        Evaluation evaluation,
        ImageSet test,
        Filters filters,
        Map<String, String> configuration,
        Map<String, String> provenance) {

    public RunReport {
        if (evaluation != null && evaluation.classes() != classes.size()) {
            throw new IllegalArgumentException(
                    evaluation.classes() + " classes evaluated, but " + classes.size() + " names");
        }
        if (evaluation != null && test != null && evaluation.images() != test.size()) {
            throw new IllegalArgumentException(
                    evaluation.images() + " images evaluated, but " + test.size() + " in the test split");
        }
    }
}
