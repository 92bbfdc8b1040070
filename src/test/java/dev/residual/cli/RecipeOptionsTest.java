package dev.residual.cli;

import static dev.residual.cli.Result.assertRefused;
import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Json;
import dev.residual.data.Augmentation;
import dev.residual.data.Normalization;
import dev.residual.recipe.ClassWeights;
import dev.residual.recipe.Optimizer.AdamW;
import dev.residual.recipe.Optimizer.Decay;
import dev.residual.recipe.Optimizer.Sgd;
import dev.residual.recipe.Recipe;
import dev.residual.recipe.Schedule.Cosine;
import dev.residual.recipe.Schedule.OneCycle;
import dev.residual.recipe.Schedule.Steps;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the options of {@code train} make of a recipe, as it then stands in config.json. */
class RecipeOptionsTest {
    @TempDir
    Path folder;

    private Recipe recipe(String name, String... options) {
        Path output = folder.resolve(name);
        List<Object> arguments = new ArrayList<>(List.of(
                "train", "--dataset", "shapes", "--architecture", "resnet8", "--iterations", "1", "--batch-size", "8"));
        arguments.addAll(List.of("--output", output, "--threads", "1", "--precision", "fp32"));
        arguments.addAll(Arrays.asList(options));
        Result result = run(arguments.toArray());
        assertThat(result.code()).as(result.err()).isZero();
        return RunConfig.read(new RunDirectory(output)).recipe();
    }

    @Test
    void everyOptionOfARecipeInOneRun() throws IOException {
        Recipe recipe = recipe(
                "all",
                ("--optimizer sgd --nesterov --momentum 0.8 --weight-decay 0.001 --weight-decay-on weights --schedule cosine"
                                + " --learning-rate 0.05 --warmup 0 --label-smoothing 0.2 --clip-grad-norm 2 --ema 0.5"
                                + " --augmentation crop-alternating-flip --cutout 8 --mixup 0.3 --normalization channel"
                                + " --validation 9900 --keep best --patience 3 --max-epochs 7")
                        .split(" "));
        assertThat(recipe)
                .isEqualTo(new Recipe(
                        "paper",
                        new Sgd(0.8, true, new Decay(0.001, Decay.On.WEIGHTS)),
                        new Cosine(0.05, 1, 0),
                        new Recipe.Regularization(0.2, 2, 0.5),
                        new Recipe.Length(1, false, 7, 3),
                        new Recipe.Images(
                                8,
                                true,
                                new Augmentation(Augmentation.Kind.CROP_ALTERNATING_FLIP, 8, 0.3),
                                Normalization.Kind.CHANNEL,
                                ClassWeights.NONE),
                        new Recipe.Evaluations(false, true)));
        Path output = folder.resolve("all");
        assertThat(output.resolve("model-best.safetensors")).exists();
        assertThat(Files.readString(output.resolve("report.html"))).contains("with the best validation accuracy");

        JsonNode running = Json.tree(run("evaluate", output, "--json").out(), "output");
        JsonNode batches = Json.tree(
                run("evaluate", output, "--batch-statistics", "--batch-size", "100", "--json")
                        .out(),
                "output");
        assertThat(running.has("batch_statistics")).isFalse();
        assertThat(batches.get("batch_statistics").asInt()).isEqualTo(100);
        assertThat(batches.get("loss").asDouble())
                .isNotEqualTo(running.get("loss").asDouble());
        assertRefused(run("evaluate", output, "--batch-size", "100"), 2, "is for --batch-statistics");
    }

    @Test
    void schedulesAndOptimizersTakeTheirOwnDefaults() {
        Recipe adamw = recipe("adamw", "--optimizer", "adamw", "--schedule", "one-cycle");
        assertThat(adamw.optimizer()).isEqualTo(new AdamW(new Decay(0.01, Decay.On.ALL)));
        assertThat(adamw.schedule()).isEqualTo(new OneCycle(0.001, 1, 0));
        Recipe quick = recipe("quick", "--recipe", "quick", "--schedule", "constant");
        assertThat(quick.schedule()).isEqualTo(new Steps(0.2, List.of(), 0.1, 0, 0));
        assertThat(quick.regularization()).isEqualTo(Recipe.quick().regularization());
    }

    @Test
    void whatDoesNotFitTogetherIsRefused() {
        assertRefused(run("train", "--keep", "best"), 2, "--keep best needs --validation");
        assertRefused(run("train", "--patience", "3"), 2, "--patience 3 needs --validation");
        assertRefused(run("train", "--optimizer", "adam", "--nesterov"), 2, "--nesterov is for SGD");
        assertRefused(run("train", "--schedule", "cosine", "--gamma", "0.5"), 2, "are for --schedule steps");
        assertRefused(run("train", "--recipe", "article", "--ema", "0.9"), 2, "without eval mode");
        assertRefused(run("train", "--schedule", "cosine", "--warmup", "64000"), 2, "warmup 64000: expected fewer");
        assertRefused(run("train", "--mixup", "9"), 2, "mixup 9.0: expected");
        assertRefused(run("train", "--schedule", "cosin"), 2, "cosine");
    }
}
