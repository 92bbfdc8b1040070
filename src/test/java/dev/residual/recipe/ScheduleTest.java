package dev.residual.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Schedule.Cosine;
import dev.residual.recipe.Schedule.OneCycle;
import dev.residual.recipe.Schedule.Steps;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Learning rates against those that PyTorch 2.13's schedulers gave, step by step. */
class ScheduleTest {
    /** Adam at 0.001 would begin at ten times that. */
    @Test
    void theLearningRateOfTheWarmUpMovesWithTheOther() {
        Steps paper = new Steps(0.1, List.of(), 0.1, 0, 0.01);
        assertThat(paper.withLearningRate(0.001).warmupLearningRate()).isCloseTo(1e-4, within(1e-12));
        assertThat(paper.withLearningRate(0.1)).isEqualTo(paper);
    }

    private static void assertRates(Schedule schedule, double... expected) {
        for (int i = 0; i < expected.length; i++) {
            assertThat(schedule.at(i, false)).as("iteration %d", i).isCloseTo(expected[i], within(1e-15));
        }
    }

    /** CosineAnnealingLR(T_max=8). */
    @Test
    void cosine() {
        assertRates(
                new Cosine(0.4, 8, 0),
                0.4,
                0.38477590650225735,
                0.3414213562373095,
                0.276536686473018,
                0.2,
                0.12346331352698206,
                0.05857864376269051,
                0.015224093497742654,
                0.015224093497742654); // an epoch that is finished beyond the end
    }

    /** SequentialLR of LinearLR(start_factor=1/4, total_iters=3) and, from the fourth step, the same cosine. */
    @Test
    void cosineAfterAWarmup() {
        assertRates(
                new Cosine(0.4, 12, 4),
                0.1,
                0.2,
                0.3,
                0.4,
                0.4,
                0.38477590650225735,
                0.3414213562373095,
                0.276536686473018,
                0.2,
                0.12346331352698206,
                0.05857864376269051,
                0.015224093497742654);
    }

    /** ChainedScheduler of the same LinearLR and MultiStepLR([6, 8], gamma=0.1). */
    @Test
    void stepsAfterAWarmup() {
        Steps steps = new Steps(0.4, List.of(6L, 8L), 0.1, 4, 0);
        assertRates(steps, 0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.04, 0.04, 0.004, 0.004);
        assertThat(steps.isGradual(3)).isTrue();
        assertThat(steps.isGradual(4)).isFalse();
    }

    /** OneCycleLR(max_lr=0.4, total_steps=20, pct_start=0.3, anneal_strategy='linear'). */
    @Test
    void oneCycle() {
        assertRates(
                new OneCycle(0.4, 20, 6),
                0.016,
                0.0928,
                0.1696,
                0.2464,
                0.3232,
                0.4,
                0.3714286857142857,
                0.3428573714285714,
                0.3142860571428572,
                0.2857147428571429,
                0.2571434285714286,
                0.2285721142857143,
                0.2000008,
                0.17142948571428573,
                0.14285817142857143,
                0.11428685714285713,
                0.08571554285714283,
                0.05714422857142859,
                0.02857291428571429,
                1.6e-6,
                1.6e-6);
    }

    /** What has passed stays; the rest of the curve is that of a run of the new length. */
    @Test
    void curvesMoveWithTheIterations() {
        assertThat(new Cosine(0.1, 1000, 100).stretched(1000, 500, 0)).isEqualTo(new Cosine(0.1, 500, 50));
        assertThat(new Cosine(0.1, 1000, 100).stretched(1000, 2000, 700)).isEqualTo(new Cosine(0.1, 2000, 100));
        assertThat(new OneCycle(0.1, 1000, 300).stretched(1000, 2000, 200)).isEqualTo(new OneCycle(0.1, 2000, 600));
        assertThat(new OneCycle(0.1, 10, 9).stretched(10, 1, 0)).isEqualTo(new OneCycle(0.1, 1, 0));
        assertThat(new Steps(0.1, List.of(500L), 0.1, 100, 0).stretched(1000, 500, 0))
                .isEqualTo(new Steps(0.1, List.of(250L), 0.1, 50, 0));
    }

    @Test
    void valuesOutOfRangeAreRefusedByName() {
        Steps paper = (Steps) Recipe.paper(Architecture.of("resnet110")).schedule();
        Map<String, Supplier<Object>> wrong = Map.of(
                "learning rate", () -> new Cosine(0, 10, 0),
                "warmup 10", () -> new OneCycle(0.1, 10, 10),
                "warmup -1", () -> paper.withWarmup(-1),
                "warmup 5", () -> paper.withWarmup(5).withWarmupLearningRate(0.01),
                "iterations 0", () -> new Cosine(0.1, 0, 0));
        wrong.forEach((field, making) -> assertThatThrownBy(making::get)
                .as(field)
                .isInstanceOf(ResidualException.class)
                .hasMessageStartingWith(field)
                .hasMessageContaining("expected"));
    }

    @Test
    void everyRecipeIsReadAsItWasWritten() {
        Recipe quick = Recipe.quick();
        for (Recipe recipe : List.of(quick, quick.withSchedule(new Cosine(0.1, 8_000, 100)))) {
            assertThat(Json.read(Json.pretty(recipe), Recipe.class, "recipe")).isEqualTo(recipe);
        }
    }
}
