package dev.residual.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Optimizer.Decay;
import dev.residual.recipe.Optimizer.Sgd;
import dev.residual.recipe.Schedule.Steps;
import dev.residual.run.Progress;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The numbers of the paper's section 4.2 and of the article's code. */
class RecipeTest {
    private static final Architecture RESNET20 = Architecture.of("resnet20");
    private static final int PER_EPOCH = 391; // 50,000 images in minibatches of 128

    @ParameterizedTest
    @CsvSource({"0, 0.1", "31999, 0.1", "32000, 0.01", "47999, 0.01", "48000, 0.001", "63999, 0.001"})
    void paper(long iteration, double rate) {
        Recipe recipe = Recipe.paper(RESNET20);
        assertThat(recipe.schedule().at(iteration, false)).isCloseTo(rate, within(1e-12));
        assertThat(recipe.length().last(PER_EPOCH)).isEqualTo(64_000);
    }

    @ParameterizedTest
    @CsvSource({"0, 0.1", "31999, 0.1", "32000, 0.01", "48000, 0.001", "51999, 0.001", "52000, 0.0001", "56000, 0.00001"
    })
    void article(long iteration, double rate) {
        assertThat(Recipe.article().schedule().at(iteration, false)).isCloseTo(rate, within(1e-12));
    }

    /** Its loop ends before the first epoch that begins after 64,000 iterations, or after 200 epochs. */
    @Test
    void theArticleEndsWithAnEpoch() {
        assertThat(Recipe.article().length().last(PER_EPOCH)).isEqualTo(164 * PER_EPOCH);
        assertThat(Recipe.article().length().last(100)).isEqualTo(200 * 100);
        assertThat(Recipe.article().withIterations(3_910).length().last(PER_EPOCH))
                .isEqualTo(3_910);
    }

    @Test
    void milestonesMoveWithTheIterations() {
        assertThat(milestones(Recipe.paper(RESNET20).withIterations(7_820))).containsExactly(3_910L, 5_865L);
        assertThat(milestones(Recipe.paper(RESNET20).withIterations(128_000))).containsExactly(64_000L, 96_000L);
        assertThat(milestones(Recipe.article().withIterations(640))).containsExactly(320L, 480L, 520L, 560L);
    }

    /** A run that goes on for longer: what has come cannot be moved. */
    @Test
    void onlyMilestonesThatAreStillToComeMoveInARunThatGoesOn() {
        Recipe recipe = Recipe.paper(RESNET20).withIterations(7_820);
        assertThat(milestones(recipe.withIterations(15_640, 5_000))).containsExactly(3_910L, 11_730L);
        assertThat(milestones(recipe.withIterations(15_640, 7_820))).containsExactly(3_910L, 5_865L);
        assertThat(milestones(recipe.withIterations(5_200, 5_000))).containsExactly(3_910L, 5_000L);
    }

    @Test
    void onlyTheDeepNetsWarmUp() {
        assertThat(Recipe.paper(Architecture.of("resnet56")).schedule().warmsUp())
                .isFalse();
        Recipe deep = Recipe.paper(Architecture.of("resnet110"));
        assertThat(deep.schedule().at(0, true)).isEqualTo(0.01);
        assertThat(deep.schedule().at(0, false)).isEqualTo(0.1);
    }

    /** The warm-up ends with the first window of 100 minibatches whose error is below 80 %, and never comes back. */
    @Test
    void theWarmupEndsWhenTheTrainingErrorIsBelow80Percent() {
        Progress progress =
                Progress.start(Recipe.paper(Architecture.of("resnet110")).schedule());
        for (int i = 0; i < 100; i++) {
            progress = progress.after(new Progress.Step(2.3, 25, 128, false, 0.1, 0.01), false); // 19.5 % correct
        }
        assertThat(progress.warmup().on()).isTrue();
        for (int i = 0; i < 99; i++) {
            progress = progress.after(new Progress.Step(2.2, 26, 128, false, 0.1, 0.01), false); // 20.3 % correct
        }
        assertThat(progress.warmup().on()).isTrue();
        progress = progress.after(new Progress.Step(2.2, 26, 128, false, 0.1, 0.01), false);
        assertThat(progress.warmup().on()).isFalse();
        for (int i = 0; i < 200; i++) {
            progress = progress.after(new Progress.Step(2.3, 0, 128, false, 0.1, 0.01), false);
        }
        assertThat(progress.warmup().on()).isFalse();
    }

    @Test
    void valuesOutOfRangeAreRefusedByName() {
        Recipe recipe = Recipe.paper(RESNET20);
        Steps steps = (Steps) recipe.schedule();
        Map<String, Supplier<Object>> wrong = Map.of(
                "learning rate", () -> steps.withLearningRate(-1),
                "gamma", () -> steps.withGamma(2),
                "warm-up", () -> steps.withWarmupLearningRate(-1),
                "milestones", () -> steps.withMilestones(List.of(5L, 3L)),
                "momentum", () -> new Sgd(1, false, recipe.optimizer().decay()),
                "weight decay", () -> new Decay(-0.1, Decay.On.ALL),
                "batch size", () -> recipe.images().withBatchSize(0),
                "iterations", () -> recipe.withIterations(0),
                "max epochs", () -> new Recipe.Length(1, false, -1, 0));
        wrong.forEach(RecipeTest::assertRefused);
    }

    @Test
    void valuesOutOfRangeOfWhatIsOffByDefaultToo() {
        Map<String, Supplier<Object>> wrong = Map.of(
                "nesterov", () -> new Sgd(0, true, new Decay(0, Decay.On.ALL)),
                "label smoothing", () -> new Recipe.Regularization(1, 0, 0),
                "clip grad norm", () -> new Recipe.Regularization(0, -1, 0),
                "ema", () -> Recipe.article().withRegularization(new Recipe.Regularization(0, 0, 0.9)),
                "patience", () -> new Recipe.Length(1, false, 0, -1));
        wrong.forEach(RecipeTest::assertRefused);
    }

    private static void assertRefused(String field, Supplier<Object> making) {
        assertThatThrownBy(making::get)
                .as(field)
                .isInstanceOf(ResidualException.class)
                .hasMessageStartingWith(field)
                .hasMessageContaining("expected");
    }

    private static List<Long> milestones(Recipe recipe) {
        return ((Steps) recipe.schedule()).milestones();
    }

    /** What 0.1.0 wrote, as it stands in its config.json files. */
    @Test
    void recipesOfTheFirstVersionAreRead() {
        String flat = """
                {"name":"article","optimizer":"sgd","learningRate":0.1,"momentum":0.9,"weightDecay":5.0E-4,"decayed":"all",
                "batchSize":128,"iterations":64000,"drops":[32000,48000,52000,56000],"dropFactor":0.1,
                "warmupLearningRate":0.0,"wholeEpochs":true,"maxEpochs":200,"shuffle":true,"augmentation":"crop-flip",
                "normalization":"none","evaluateTraining":true,"evalMode":false}""";
        String now = RecipeMigration.fromFlat(Json.tree(flat, "recipe")).toString();
        assertThat(Json.read(now, Recipe.class, "recipe")).isEqualTo(Recipe.article());
    }
}
