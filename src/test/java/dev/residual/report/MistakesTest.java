package dev.residual.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.evaluate.Evaluation;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class MistakesTest {
    @Property(tries = 50)
    void theMistakesAreWrongAndInOrder(@ForAll @IntRange(min = 1, max = 300) int images) {
        Evaluation e = Samples.evaluation(images);
        int all = images - e.correct();

        for (int limit : new int[] {0, 1, 24, images}) {
            int[] mistakes = TestSections.mostConfidentMistakes(e, limit);
            assertThat(mistakes).hasSize(Math.min(limit, all)).doesNotHaveDuplicates();
            assertThat(IntStream.of(mistakes)).allMatch(i -> e.labels()[i] != e.predicted()[i]);
            List<Float> shown =
                    IntStream.of(mistakes).mapToObj(i -> e.confidence()[i]).toList();
            assertThat(shown).isSortedAccordingTo((a, b) -> Float.compare(b, a));
            float least = shown.isEmpty() ? 1 : shown.get(shown.size() - 1);
            long moreConfident = IntStream.range(0, images)
                    .filter(i -> e.labels()[i] != e.predicted()[i] && e.confidence()[i] > least)
                    .count();
            assertThat(moreConfident).isLessThanOrEqualTo(limit);
        }
    }
}
