package dev.residual.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.model.Software;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Recipe;
import dev.residual.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RunConfigTest {
    private static RunConfig config(long iterations, int patience) {
        Architecture resnet8 = Architecture.of("resnet8");
        Recipe recipe = Recipe.paper(resnet8).withLength(new Recipe.Length(iterations, false, 0, patience));
        return new RunConfig(
                resnet8,
                0,
                recipe,
                new RunConfig.Data("shapes", "", 500, OptionalDouble.empty(), Map.of()),
                1,
                new RunConfig.Compute(2, Precision.FP32, "cpu", "auto"),
                new RunConfig.Keep(500, false, false),
                new RunConfig.Made(new Software("1", "2", "3", "4", "5", "6"), "now", List.of()));
    }

    /** Epochs of ten iterations, with these validation accuracies. */
    private static List<Metrics> metrics(int first, double... accuracies) {
        return Stream.iterate(0, i -> i + 1)
                .limit(accuracies.length)
                .map(i -> new Metrics(
                        first + i,
                        10L * (first + i),
                        0.1,
                        Score.NONE,
                        Score.NONE,
                        new Score(1, accuracies[i]),
                        new Metrics.Time(1, 1)))
                .toList();
    }

    @Test
    void aRunIsFinishedAtItsLastIterationOrWithoutPatience() {
        List<Metrics> three = metrics(1, 50, 49, 48);
        assertThat(config(30, 0).isFinishedBy(three)).isTrue();
        assertThat(config(40, 0).isFinishedBy(three)).isFalse();
        assertThat(config(40, 2).isFinishedBy(three)).isTrue();
        assertThat(config(40, 2).isStoppedEarlyBy(three)).isTrue();
        assertThat(config(30, 2).isStoppedEarlyBy(three))
                .as("it came to its end")
                .isFalse();
        assertThat(config(30, 0).isFinishedBy(List.of())).isFalse();
    }

    /** The run's end cut its third epoch short, and that epoch could still have been better. */
    @Test
    void partOfAnEpochTakesNoPatience() {
        List<Metrics> metrics = new ArrayList<>(metrics(1, 50, 49));
        assertThat(config(25, 2).isOutOfPatience(metrics)).isFalse();
        Metrics.Time time = new Metrics.Time(1, 1);
        metrics.add(new Metrics(3, 25, 0.1, Score.NONE, Score.NONE, new Score(1, 48), time));
        assertThat(config(25, 2).isOutOfPatience(metrics)).isFalse();
        assertThat(config(25, 1).isOutOfPatience(metrics)).isTrue();
    }

    @Test
    void rowsThatWereLostDoNotMakeItUnfinished() {
        assertThat(config(30, 0).isFinishedBy(metrics(3, 50))).isTrue();
    }
}
