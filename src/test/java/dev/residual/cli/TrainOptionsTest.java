package dev.residual.cli;

import static dev.residual.cli.Result.assertRefused;
import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.nn.Architecture;
import dev.residual.recipe.Recipe;
import dev.residual.recipe.RecipeChanges;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.run.RunOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The options of {@code train} as people type them, from a file, and the run that they would be. */
class TrainOptionsTest {
    @TempDir
    static Path folder;

    private static String plan(Object... options) {
        List<Object> arguments = new ArrayList<>(List.of("train", "--dataset", "shapes", "--dry-run"));
        arguments.addAll(List.of(options));
        Result result = run(arguments.toArray());
        assertThat(result.code()).as(result.err()).isZero();
        return result.out();
    }

    @Test
    void theNamesThatPeopleKnow() {
        String plan = plan("-a", "resnet8", "--epochs", 20, "-b", 100, "--lr", 0.05, "--wd", 5e-4, "--opt", "adam");
        assertThat(plan("--architecture", "resnet8", "--iterations", 2000, "--batch-size", 100, "--optimizer", "adam")
                        .lines()
                        .filter(line -> !line.matches("(into|resnet8|  weight-decay|  learning-rate) .*")))
                .isSubsetOf(plan.lines().toList());
        assertThat(plan)
                .startsWith("resnet8 on shapes, paper + adam, weight decay 0.0005, learning rate 0.05, batch size 100")
                .contains("10,000 training images, 2,000 iterations (20.0 epochs)")
                .containsPattern("optimizer +adam +instead of sgd")
                .containsPattern("learning-rate +0.05 +instead of 0.001");
        assertThat(plan("--arch", "resnet8")).isEqualTo(plan("--model", "resnet8"));
    }

    @Test
    void theRightOptionIsNamed() {
        Map.of(
                        List.of("--workers", "4"), "--threads N",
                        List.of("--learning_rate", "4"), "--learning-rate?",
                        List.of("--pretrained"), "--from MODEL",
                        List.of("--amp"), "--precision bf16",
                        List.of("--save-dir=x"), "--output DIR",
                        List.of("--resume", "x"), "'residual resume RUN'",
                        List.of("resnet20"), "--architecture resnet20",
                        List.of("cifar100"), "--dataset cifar100",
                        List.of("--sede", "3"), "--seed")
                .forEach((typed, right) -> {
                    List<String> arguments = new ArrayList<>(List.of("train"));
                    arguments.addAll(typed);
                    assertRefused(run(arguments.toArray()), 2, "Did you mean " + right);
                });
        assertRefused(run("evaluate", "--model", "x"), 2, "MODEL without an option before it");
        assertThat(run("evaluate", "--epochs", "x").err()).doesNotContain("Did you mean --epochs");
        assertRefused(run("train", "--iterations", "1e3"), 2, "expected a whole number, but was '1e3'");
        assertRefused(run("train", "--iterations", "3", "--epochs", "3"), 2, "give one of them");
        assertRefused(run("train", "--epochs", "0"), 2, "epochs 0: expected 1 to");
    }

    /** A new field of a recipe is an option, or RecipeChanges says which option it is. */
    @Test
    void everyFieldOfARecipeIsAnOption() {
        String help = run("help", "train").out();
        List.of(Recipe.paper(Architecture.of("resnet110")), Recipe.article())
                .forEach(recipe -> RecipeChanges.fields(recipe)
                        .keySet()
                        .forEach(option -> assertThat(help).containsPattern("--(\\[no-])?" + option + "\\b")));
    }

    @Test
    void whatDiffersFromTheRecipeIsSaid() {
        Architecture resnet20 = Architecture.of("resnet20");
        Recipe paper = Recipe.paper(resnet20);
        assertThat(RecipeChanges.title(paper.withIterations(7820), resnet20)).isEqualTo("paper");
        assertThat(RecipeChanges.of(paper.withIterations(7820), resnet20))
                .containsExactly(Map.entry("iterations", "7820"));
        assertThat(plan("--augmentation", "none", "--no-shuffle"))
                .startsWith("resnet20 on shapes, paper + no shuffle, no augmentation\n")
                .contains("into runs/resnet20-shapes-paper-no-shuffle-no-augmentation\n");
    }

    /** The configuration of a run, and the command that its report tells, give the same bytes again. */
    @Test
    void aRunAgainFromItsConfiguration() throws IOException {
        Path once = folder.resolve("once");
        run(
                "train",
                "-a",
                "resnet8",
                "--shortcut",
                "B",
                "--widths",
                "16,16,32",
                "--dataset",
                "shapes",
                "--epochs",
                "1",
                "-b",
                "2000",
                "--optimizer",
                "adam",
                "--no-shuffle",
                "--augmentation",
                "flip",
                "--milestones",
                "2,3",
                "--validation",
                "300",
                "--seed",
                "7",
                "--output",
                once);
        Path twice = folder.resolve("twice");
        Result again = run("train", "--config", once.resolve("config.json"), "--output", twice);
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(twice.resolve("model.safetensors")).hasSameBinaryContentAs(once.resolve("model.safetensors"));

        RunConfig config = RunConfig.read(new RunDirectory(once));
        List<String> command =
                new ArrayList<>(List.of(RunOptions.command(config).split(" ")));
        command.addAll(List.of("--dry-run"));
        String plan = run(command.subList(1, command.size()).toArray()).out();
        assertThat(run("train", "--config", once, "--dry-run").out()).isEqualTo(plan);
        assertThat(run("train", "--config", once, "--seed", "8", "--epochs", "3", "--shuffle", "--dry-run")
                        .out())
                .contains("15 iterations (3.0 epochs), seed 8")
                .doesNotContain("no shuffle");
    }

    @ParameterizedTest
    @ValueSource(strings = {"paper", "quick"})
    void aConstantLearningRateAndAWideNetworkAgainFromTheirConfiguration(String recipe) {
        Path once = folder.resolve("constant-" + recipe);
        Object[] train = {
            "train",
            "--recipe",
            recipe,
            "-a",
            "wrn-10-1",
            "--conv-bias",
            "--schedule",
            "constant",
            "--dataset",
            "shapes",
            "--iterations",
            "1"
        };
        Result trained =
                run(Stream.concat(Stream.of(train), Stream.of("--output", once)).toArray());
        assertThat(trained.code()).as(trained.err()).isZero();
        assertThat(RunOptions.command(RunConfig.read(new RunDirectory(once))))
                .contains("--architecture wrn-10-1", "--conv-bias", "--schedule constant")
                .doesNotContain("milestones", "gamma");
        assertThat(run("train", "--config", once, "--dry-run").out())
                .isEqualTo(run(Stream.concat(Stream.of(train), Stream.of("--dry-run"))
                                .toArray())
                        .out());
    }

    @Test
    void optionsFromAFile() throws IOException {
        Path file = folder.resolve("options.json");
        Files.writeString(file, "{\"architecture\": \"resnet8\", \"batch_size\": 50, \"milestones\": [10, 20]}");
        assertThat(plan("--config", file, "--wd", "0.001"))
                .isEqualTo(plan("-a", "resnet8", "-b", 50, "--milestones", "10,20", "--wd", "0.001"));
        Files.writeString(file, "{\"arch\": \"resnet8\", \"log_steps\": false, \"nesterov\": false, \"epochs\": 2}");
        assertThat(plan("--config", file)).isEqualTo(plan("-a", "resnet8", "--epochs", 2));
        assertRefused(run("train", "--config", folder.resolve("none.json")), 1, "none.json: no such file");
        Files.writeString(file, "{\"architectur\": \"resnet8\"}");
        assertRefused(run("train", "--config", file), 1, "options.json: 'train' has no option --architectur");
        Files.writeString(file, "{\"seed\": {}}");
        assertRefused(run("train", "--config", file), 1, "options.json: 'seed': expected a number");
        Files.writeString(file, "{\"augmentation\": false}");
        assertRefused(run("train", "--config", file), 2, "expected one of [none, crop, flip, crop-flip");
        Files.writeString(file, "{\"config\": \"another.json\"}");
        assertRefused(run("train", "--config", file), 1, "'config' is for the command line");
        Files.writeString(file, "[]");
        assertRefused(run("train", "--config", file), 1, "options.json: expected a JSON object");
        Files.writeString(file, "{\"seed\": \"x\"}");
        assertRefused(run("train", "--config", file), 2, "expected a whole number, but was 'x'");
    }

    @Test
    void completionAndVersions() {
        assertThat(run("completion").out())
                .contains("complete -F")
                .contains("--learning-rate")
                .contains("'--config'");
        assertThat(run("--version").out())
                .containsPattern("libtorch \\d+.*oneDNN \\d+")
                .contains("Java ");
    }

    @Test
    void aMilestoneBehindTheEndIsNoted() {
        Object[] plan = {"train", "--dataset", "shapes", "--iterations", 200, "--milestones", "100,32000", "--dry-run"};
        assertThat(run(plan).err()).contains("ends at iteration 200, before the milestone 32000");
    }

    /** Of other images than CIFAR's the article's 200 epochs are fewer than its 64,000 iterations. */
    @Test
    void aRunThatEndsBeforeItsLearningRatesDoSaysSo() {
        String[] plan = {"train", "--dataset", "shapes", "--recipe", "article", "--dry-run"};
        assertThat(run((Object[]) plan).err())
                .contains("ends at iteration 15800, after 200 epochs", "--iterations 15800 reschedules them");
        assertThat(run("train", "--dataset", "shapes", "--recipe", "article", "--iterations", 15_800, "--dry-run")
                        .err())
                .doesNotContain("ends at iteration");
        assertThat(run("train", "--dataset", "shapes", "--schedule", "constant", "--max-epochs", 5, "--dry-run")
                        .err())
                .doesNotContain("ends at iteration");
    }
}
