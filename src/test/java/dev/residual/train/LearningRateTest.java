package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.residual.ResidualException;
import dev.residual.model.Architecture;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The numbers of the paper's section 4.2 and of the article's code. */
class LearningRateTest {
    private static final Architecture RESNET20 = Architecture.of("resnet20");
    private static final int PER_EPOCH = 391; // 50,000 images in minibatches of 128

    @ParameterizedTest
    @CsvSource({"0, 0.1", "31999, 0.1", "32000, 0.01", "47999, 0.01", "48000, 0.001", "63999, 0.001"})
    void paper(long iteration, double rate) {
        Recipe recipe = Recipe.paper(RESNET20);
        assertThat(new LearningRate(recipe).at(iteration, false)).isCloseTo(rate, within(1e-12));
        assertThat(recipe.lastIteration(PER_EPOCH)).isEqualTo(64_000);
    }

    @ParameterizedTest
    @CsvSource({"0, 0.1", "31999, 0.1", "32000, 0.01", "48000, 0.001", "51999, 0.001", "52000, 0.0001", "56000, 0.00001"
    })
    void article(long iteration, double rate) {
        assertThat(new LearningRate(Recipe.article()).at(iteration, false)).isCloseTo(rate, within(1e-12));
    }

    /** Its loop ends before the first epoch that begins after 64,000 iterations, or after 200 epochs. */
    @Test
    void theArticleEndsWithAnEpoch() {
        assertThat(Recipe.article().lastIteration(PER_EPOCH)).isEqualTo(164 * PER_EPOCH);
        assertThat(Recipe.article().lastIteration(100)).isEqualTo(200 * 100);
        assertThat(Recipe.article().withIterations(3_910).lastIteration(PER_EPOCH))
                .isEqualTo(3_910);
    }

    @Test
    void dropsMoveWithTheIterations() {
        assertThat(Recipe.paper(RESNET20).withIterations(7_820).drops()).containsExactly(3_910L, 5_865L);
        assertThat(Recipe.paper(RESNET20).withIterations(128_000).drops()).containsExactly(64_000L, 96_000L);
        assertThat(Recipe.article().withIterations(640).drops()).containsExactly(320L, 480L, 520L, 560L);
    }

    /** A run that goes on for longer: what has come cannot be moved. */
    @Test
    void onlyDropsThatAreStillToComeMoveInARunThatGoesOn() {
        Recipe recipe = Recipe.paper(RESNET20).withIterations(7_820);
        assertThat(recipe.withIterations(15_640, 5_000).drops()).containsExactly(3_910L, 11_730L);
        assertThat(recipe.withIterations(15_640, 7_820).drops()).containsExactly(3_910L, 5_865L);
        assertThat(recipe.withIterations(5_200, 5_000).drops()).containsExactly(3_910L, 5_000L);
    }

    @Test
    void onlyTheDeepNetsWarmUp() {
        assertThat(Recipe.paper(Architecture.of("resnet56")).warmupLearningRate())
                .isZero();
        Recipe deep = Recipe.paper(Architecture.of("resnet110"));
        assertThat(new LearningRate(deep).at(0, true)).isEqualTo(0.01);
        assertThat(new LearningRate(deep).at(0, false)).isEqualTo(0.1);
    }

    /** The warm-up ends with the first window of 100 minibatches whose error is below 80 %, and never comes back. */
    @Test
    void theWarmupEndsWhenTheTrainingErrorIsBelow80Percent() {
        Progress progress = Progress.start(Recipe.paper(Architecture.of("resnet110")));
        for (int i = 0; i < 100; i++) {
            progress = progress.after(2.3, 25, 128, false, false, 0.1, 0.01); // 19.5 % correct
        }
        assertThat(progress.warmup().on()).isTrue();
        for (int i = 0; i < 99; i++) {
            progress = progress.after(2.2, 26, 128, false, false, 0.1, 0.01); // 20.3 % correct
        }
        assertThat(progress.warmup().on()).isTrue();
        progress = progress.after(2.2, 26, 128, false, false, 0.1, 0.01);
        assertThat(progress.warmup().on()).isFalse();
        for (int i = 0; i < 200; i++) {
            progress = progress.after(2.3, 0, 128, false, false, 0.1, 0.01);
        }
        assertThat(progress.warmup().on()).isFalse();
    }

    @Test
    void fieldsOutOfRangeAreRefusedByName() {
        Recipe recipe = Recipe.paper(RESNET20);
        Map<String, Object> wrong = Map.of(
                "learningRate", -1,
                "momentum", 1,
                "weightDecay", -0.1,
                "batchSize", 0,
                "iterations", 0,
                "dropFactor", 2,
                "maxEpochs", -1,
                "drops", List.of(5, 3));
        wrong.forEach((field, value) -> assertThatThrownBy(() -> dev.residual.Json.with(recipe, Map.of(field, value)))
                .as(field)
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("expected"));
    }
}
