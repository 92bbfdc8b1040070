package dev.residual.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.residual.ResidualException;
import dev.residual.data.Split;
import dev.residual.evaluate.Evaluator;
import dev.residual.model.Model;
import dev.residual.recipe.Recipe;
import dev.residual.report.RunReports;
import dev.residual.run.Metrics;
import dev.residual.run.MetricsFile;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The best epoch and the end before its time, both by the validation images. */
class BestTest {
    private static final int PATIENCE = 2;

    @TempDir
    Path folder;

    private static RunConfig config(int validation) {
        Recipe recipe = TinyRun.recipe().withIterations(60).withLength(new Recipe.Length(60, false, 0, PATIENCE));
        RunConfig c = TinyRun.config(TinyRun.recipe(), validation, 100);
        return new RunConfig(
                c.architecture(),
                0,
                recipe,
                c.data(),
                c.seed(),
                c.compute(),
                new RunConfig.Keep(100, false, true),
                c.made());
    }

    @Test
    void theBestEpochIsKeptAndTheRunEndsWhenNoneIsBetter() throws IOException {
        List<TrainingEvent> events = new ArrayList<>();
        Trained trained =
                TinyRun.train(config(20), folder, () -> false, events::add).orElseThrow();
        RunDirectory run = new RunDirectory(folder);
        List<Metrics> rows = new MetricsFile(run.metrics()).read();

        Metrics best = rows.get(0);
        for (Metrics row : rows) {
            best = row.validation().accuracy() > best.validation().accuracy() ? row : best;
        }
        Metrics last = rows.get(rows.size() - 1);
        assertThat(last.iteration()).isLessThan(60);
        assertThat(last.epoch()).isEqualTo(best.epoch() + PATIENCE);
        assertThat(trained.metrics().epoch()).isEqualTo(last.epoch());
        assertThat(trained.model().card().provenance().training().orElseThrow().iteration())
                .isEqualTo(last.iteration());
        assertThat(events.stream().filter(TrainingEvent.StoppedEarly.class::isInstance))
                .hasSize(1);
        assertThat(Files.readString(run.log())).contains("stopped early").contains("kept as the best");

        Model kept = Model.load(run.best());
        assertThat(kept.card().provenance().training().orElseThrow().iteration())
                .isEqualTo(best.iteration());
        Split split = Split.of(TinyRun.DATA, 20, 1);
        assertThat(Evaluator.evaluate(kept, split.validation()).accuracy())
                .isCloseTo(best.validation().accuracy(), within(1e-3));

        RunReports.write(run, RunConfig.read(run), Optional.empty(), sentence -> {});
        assertThat(run.report())
                .content()
                .contains(String.format(
                        Locale.ROOT,
                        "the network of iteration %,d, with the best validation accuracy (%.2f %%)",
                        best.iteration(),
                        best.validation().accuracy()));

        byte[] before = Files.readAllBytes(run.model());
        assertThat(TinyRun.train(config(20), folder).metrics()).isEqualTo(last); // it is over
        assertThat(run.model()).hasBinaryContent(before);
    }

    /** Its curves end at the last epoch, the network that is shown is a checkpoint's. */
    @Test
    void theReportOfAnInterruptedRunSaysWhichNetworkItShows() {
        List<TrainingEvent> steps = new ArrayList<>();
        TinyRun.train(TinyRun.config(TinyRun.recipe(), 20, 100), folder, () -> steps.size() == 4, event -> {
            if (event instanceof TrainingEvent.Stepped) {
                steps.add(event);
            }
        });
        RunDirectory run = new RunDirectory(folder);
        RunReports.write(run, RunConfig.read(run), Optional.empty(), sentence -> {});
        assertThat(run.report())
                .content()
                .contains("its last evaluation was at iteration 3; the test results and filters below are those of its"
                        + " checkpoint at iteration 5.");
    }

    @Test
    void withoutValidationImagesNeitherIsToldFromTheTestSet() {
        assertThatThrownBy(() -> config(0))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("keep best needs validation images");
        Recipe patient = TinyRun.recipe().withLength(new Recipe.Length(60, false, 0, 1));
        assertThatThrownBy(() -> TinyRun.config(patient, 0, 100))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("patience 1 needs validation images");
    }
}
