package dev.residual.cli;

import static dev.residual.cli.Result.assertRefused;
import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people see in a terminal: in 80 columns, in any language, whatever names and files hold. */
class TerminalTest {
    @TempDir
    static Path folder;

    private static Result train(List<String> options, Object... more) {
        return run(Stream.concat(Stream.of("train"), Stream.concat(options.stream(), Stream.of(more)))
                .toArray());
    }

    private static void assertNarrow(String screen) {
        assertThat(screen.lines())
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line.length()).as(line).isLessThanOrEqualTo(80));
    }

    @Test
    void everythingFitsInto80Columns() {
        for (String command :
                List.of("train", "resume", "evaluate", "predict", "summary", "report", "import", "export")) {
            assertNarrow(run("help", command).out());
        }
        assertNarrow(run("help").out());
        assertNarrow(run("--version").out());
        assertNarrow(run("models").out());
        assertNarrow(run("summary", "resnet110", "--shortcut", "B").out());
    }

    @Test
    void wideLettersAreCountedAsTheyAreShown() {
        for (String name : List.of("猫と犬", "cats and dogs", "x".repeat(60), "犬".repeat(60))) {
            Path output = folder.resolve("wide").resolve(name);
            train(List.of("-a", "resnet8", "--dataset", "shapes", "--iterations", "1"), "--output", output);
        }
        List<String> lines = run("runs", folder.resolve("wide")).out().lines().toList();
        assertThat(lines)
                .hasSize(5)
                .allSatisfy(line -> assertThat(Columns.of(line)).isEqualTo(80));
    }

    /** By worth: the epoch, the whole, the time, and the rest where there is room. */
    @Test
    void whatDoesNotFitIsLeftAwayAsAWhole() {
        List<String> fields = List.of("1/164 ███ 50.0 %", "0:32", "1:27:05 left", "loss 1.532", "512 images/s");
        assertThat(Console.fitting(fields, 80)).isEqualTo(String.join("  ", fields));
        assertThat(Console.fitting(fields, 50)).endsWith("1:27:05 left  loss 1.532");
        assertThat(Console.fitting(fields, 40)).endsWith("0:32  1:27:05 left");
    }

    @Test
    void figuresInLatinDigits() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(new Locale("ar", "EG"));
            Path run = folder.resolve("arabic");
            String out = run("train", "-a", "resnet8", "--dataset", "shapes", "--iterations", "1", "--output", run)
                            .out()
                    + run("evaluate", run).out();
            assertThat(out).doesNotContainPattern("\\p{Nd}(?<![0-9])").contains("2,000 images");
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void theArticlesLinesSayOnlyWhatWasMeasured() {
        List<String> options =
                List.of("-a", "resnet8", "--dataset", "shapes", "--recipe", "article", "--iterations", "1");
        assertThat(train(options, "--output", folder.resolve("measured")).out())
                .containsPattern("epoch 0, loss 0\\.000, train_acc \\d+\\.\\d{3} %, test_acc \\d+\\.\\d{3} %");
        assertThat(train(options, "--no-evaluate-training", "--output", folder.resolve("less"))
                        .out())
                .containsPattern("epoch 0, loss 0\\.000, test_acc \\d+\\.\\d{3} %")
                .doesNotContain("NaN");
    }

    @Test
    void namesDoNotCommandTheTerminal() throws IOException {
        Path model = folder.resolve("named.safetensors");
        run("train", "-a", "resnet8", "--dataset", "shapes", "--iterations", "1", "--output", folder.resolve("names"));
        run(
                "import",
                folder.resolve("names/model.safetensors"),
                "--output",
                model,
                "--classes",
                "a\033[31m,b\rforged,c\nforged,d,e,f,g,h,i,j");
        Result predicted = run("predict", model, "docs/images/resnet20.png", "--top", "10");
        assertThat(predicted.code()).as(predicted.err()).isZero();
        assertThat(predicted.out()).contains("a?[31m", "b?forged", "c?forged").doesNotContain("\033", "\r");
        assertThat(predicted.out().lines()).hasSize(1);
        assertThat(run("evaluate", folder.resolve("x\033[2J")).err())
                .contains("x?[2J")
                .doesNotContain("\033");
        assertThat(run("x\033[2J").err()).contains("x?[2J").doesNotContain("\033");
    }

    /** Nor at a path that a run from elsewhere names. */
    @Test
    void onlyTrainDownloads() {
        assertRefused(
                run("evaluate", "resnet20", "--data", folder.resolve("absent")), 1, "'residual train' downloads it");
        assertThat(folder.resolve("absent")).doesNotExist();
    }
}
