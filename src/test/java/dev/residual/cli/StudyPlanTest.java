package dev.residual.cli;

import static dev.residual.study.Samples.seed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import dev.residual.recipe.Schedule.Steps;
import dev.residual.study.FoundRun;
import dev.residual.study.Options;
import dev.residual.study.Plan;
import dev.residual.study.PlannedRun;
import dev.residual.study.Row;
import dev.residual.study.Samples;
import dev.residual.study.Study;
import dev.residual.study.Wanted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Study files, what their options mean, and which runs are theirs. */
class StudyPlanTest {
    private static final String FILE = """
            {"title": "T", "question": "Q?", "measure": "error", "options": "--recipe paper", "seeds": [1, 2],
             "variations": [{"name": "a", "options": "--architecture resnet8", "answers": "A."},
                            {"name": "b", "options": "--no-shuffle --recipe article", "answers": "B.", "against": "a"}]}
            """;

    @TempDir
    Path folder;

    /** Those of the paper's length. */
    private static List<String> shipped() {
        return Study.SHIPPED.stream().filter(name -> !name.equals("variants")).toList();
    }

    private static Plan plan(String study, String... options) {
        return StudyPlan.of(Study.of(study), Options.of(List.of(options)));
    }

    /** Of the runs in the folder, with at most so many seeds. */
    private List<Row> rows(String study, int seeds) {
        return plan(study).comparison(FoundRun.below(folder, w -> {}), seeds).rows();
    }

    @ParameterizedTest
    @MethodSource("shipped")
    void everyShippedStudyCanBePlannedAndShortened(String name) {
        Plan plan = plan(name, "--iterations", "7820", "--dataset", "shapes");
        assertThat(plan.parts()).allSatisfy(part -> {
            assertThat(part.wanted().iterations()).isEqualTo(7_820);
            assertThat(part.iterations()).isEqualTo(64_000);
            assertThat(part.wanted().dataset()).isEqualTo("shapes");
            assertThat(((Steps) part.wanted().recipe().schedule()).milestones()).startsWith(3_910L, 5_865L);
        });
    }

    @Test
    void theVariantsAreShortAlready() {
        assertThat(plan("variants").parts())
                .hasSizeGreaterThan(10)
                .allSatisfy(part -> assertThat(part.wanted().iterations()).isEqualTo(1_955));
    }

    /** The file that docs/studies.md shows. */
    @Test
    void theDocumentedFileIsAStudy() throws IOException {
        String text = Files.readString(Path.of("docs", "studies.md"));
        String json = text.substring(text.indexOf("```json") + 7, text.indexOf("```\n", text.indexOf("```json") + 7));
        Plan plan = plan(Files.writeString(folder.resolve("s.json"), json).toString());
        assertThat(plan.runs(folder)).hasSize(6).allMatch(run -> run.part().iterations() == 7_820);
    }

    @Test
    void aVariationsOptionsReplaceThoseOfAll() throws IOException {
        Path file = Files.writeString(folder.resolve("s.json"), FILE);
        List<PlannedRun> runs = plan(file.toString(), "--precision", "fp32").runs(folder);
        assertThat(runs).extracting(PlannedRun::name).containsExactly("a-1", "b-1", "a-2", "b-2");
        assertThat(String.join(" ", runs.get(3).arguments()))
                .isEqualTo("--recipe article --no-shuffle --precision fp32 --seed 2");
        assertThat(Study.of(file.toString()).withSeeds(3).seeds()).containsExactly(1L, 2L, 3L);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"error\"        | \"worse\"            | measure",
                "\"answers\"      | \"anwers\"           | unknown key 'variations[0].anwers'",
                "\"name\": \"b\"  | \"name\": \"a\"      | two variations are called 'a'",
                "\"name\": \"b\"  | \"name\": \"../b\"   | expected a name",
                "\"against\": \"a\" | \"against\": \"c\" | is against 'c'",
                "--no-shuffle     | --seed 3             | --seed is set by the study",
                "--no-shuffle     | --epochs 3           | --epochs is set by the study",
                "--no-shuffle     | shuffle              | expected --NAME, not 'shuffle'",
                "--no-shuffle     | --no-shuffel         | variation 'b': Unknown option: '--no-shuffel'",
                "resnet8          | resnet9              | variation 'a': depth 9",
                "[1, 2]           | [1, 1]               | seeds [1, 1]",
                "[1, 2]           | []                   | seeds []",
            })
    void aStudyThatCannotBeSaysWhy(String before, String after, String sentence) throws IOException {
        Path file = Files.writeString(folder.resolve("s.json"), FILE.replace(before, after));
        assertThatThrownBy(() -> plan(file.toString()))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void aRunOfVersion010IsAdopted() {
        Path run = Samples.run(folder.resolve("elsewhere"), 2, 91.69);
        Path into = folder.resolve("study");
        PlannedRun adopted = plan("table6").adopt(run, into).run();
        assertThat(adopted.directory()).isEqualTo(into.resolve("resnet20-2"));
        assertThat(adopted.found().orElseThrow().isFinished()).isTrue();
        Plan.Adopted again = plan("table6").adopt(run, into);
        assertThat(again.copied()).isFalse();
        assertThat(again.run().directory()).isEqualTo(adopted.directory());
        assertThat(plan("table6").comparison(into).rows().get(0).mean()).isEqualTo(100 - 91.69);

        assertThatThrownBy(() -> plan("table6", "--iterations", "7820").comparison(into))
                .hasMessageContaining("length.iterations 64000 instead of 7820");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0.0001 | 0.0005 | resnet20-1 is nearest, but it has optimizer.decay.factor 5.0E-4 instead of 1.0E-4",
                "[32000, 48000] | [32000, 40000] | schedule.milestones [32000,40000] instead of [32000,48000]",
                "\"seed\": 1 | \"seed\": 9 | it has seed 9 instead of 1",
                "64000 | 64001 | is interrupted at iteration 64000",
            })
    void aRunOfAnotherConfigurationIsNot(String before, String after, String sentence) {
        UnaryOperator<String> change = config -> config.replace(before, after);
        Path run = Samples.run(folder.resolve("elsewhere"), 64_000, 91, change);
        assertThatThrownBy(() -> plan("table6").adopt(run, folder.resolve("study")))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(sentence);
    }

    /** Threads, paths and checkpoints do not decide what comes out; the precision does, if it is asked for. */
    @Test
    void whatDoesNotDecideTheResultMayDiffer() {
        Path run = Samples.run(
                folder.resolve("r"),
                64_000,
                91,
                c -> c.replace("\"threads\": 2", "\"threads\": 7")
                        .replace("\"directory\": \"data\"", "\"directory\": \"/elsewhere\""));
        FoundRun found = FoundRun.read(run);
        assertThat(plan("table6").parts().get(0).wanted().differences(found.config()))
                .isEmpty();
        assertThat(plan("table6", "--precision", "fp32").parts().get(0).wanted().differences(found.config()))
                .containsExactly("precision bf16 instead of fp32");
    }

    @Test
    void fromADirectoryTheLongestRunsOfEachVariationCount() {
        UnaryOperator<String> shorter = c -> c.replace("64000", "7820").replace("32000, 48000", "3910, 5865");
        Samples.run(folder.resolve("short"), 7_820, 87, shorter);
        Samples.run(folder.resolve("plain"), 7_820, 85, c -> shorter.apply(c).replace("\"A\"", "\"none\""));
        Samples.run(folder.resolve("full"), 5, 91.5);
        Samples.run(folder.resolve("under way"), 30_000, 80, seed(6));
        List<Row> rows = rows("shortcuts", 100);
        assertThat(rows.get(0).runs()).extracting(FoundRun::name).containsExactly("full");
        assertThat(rows.get(4).runs()).extracting(FoundRun::name).containsExactly("plain");
        assertThat(rows.get(4).isOfOtherLength()).isTrue();
    }

    @Test
    void aRunThatDivergedCountsToo() throws IOException {
        Path run = Samples.run(folder.resolve("diverged"), 391, 10, c -> c);
        Files.writeString(run.resolve("train.log"), "2026-11-27 06:09:33  failed: training has diverged\n");
        Row row = rows("table6", 100).get(0);
        assertThat(row.figure()).isEqualTo("diverged");
    }

    @Test
    void aCopyOfARunIsNoOtherSeed() {
        Samples.run(folder.resolve("one"), 1, 91.5);
        Samples.run(folder.resolve("two"), 1, 91.5);
        assertThat(rows("table6", 100).get(0).runs()).hasSize(1);
    }

    @Test
    void theSmallestSeedsCountWhereNotAllAreWanted() {
        Samples.run(folder.resolve("a"), 7, 91);
        Samples.run(folder.resolve("b"), 5, 91);
        Samples.run(folder.resolve("c"), 6, 91);
        assertThat(rows("table6", 2).get(0).runs())
                .extracting(run -> run.config().seed())
                .containsExactly(5L, 6L);
    }

    /** What was published is of CIFAR-10. */
    @Test
    void otherImagesAreComparedWithNothingPublished() {
        assertThat(plan("table6", "--dataset", "cifar100").parts())
                .allMatch(part -> part.variation().published().isEmpty());
        assertThat(plan("table6", "--dataset", "cifar10").parts())
                .allMatch(part -> part.variation().published().isPresent());
    }

    /** A warm-up that is given in iterations is not scaled with the run. */
    @Test
    void runsOfAnotherLengthAreFoundByTheirOptions() {
        Plan plan = plan("variants");
        assertThat(plan.parts()).allSatisfy(part -> {
            Plan longer = plan("variants", "--iterations", "7820");
            int i = plan.parts().indexOf(part);
            assertThat(part.atLength().apply(7_820))
                    .isEqualTo(longer.parts().get(i).wanted());
        });
    }

    @Test
    void sizeAndProcessesDecideTheResultToo() throws IOException {
        Path file = Files.writeString(
                folder.resolve("s.json"),
                FILE.replace("--no-shuffle", "--dataset folder --image-size 64 --processes 2 --sync-batch-norm")
                        .replace(" --recipe article", ""));
        Wanted wanted = plan(file.toString()).parts().get(1).wanted();
        assertThat(wanted.architecture().image().height()).isEqualTo(64);
        assertThat(wanted.split()).isEqualTo(new Wanted.Split(2, true));
    }

    /** Fewer iterations than the warm-up of one of the variations. */
    @Test
    void aShortRunFromElsewhereIsPassedOver() {
        Samples.run(
                folder.resolve("short"), 50, 30, c -> c.replace("64000", "50").replace("32000, 48000", "25, 38"));
        List<Row> rows = rows("variants", 100);
        assertThat(rows.get(0).runs()).hasSize(1);
        assertThat(rows).filteredOn(row -> !row.runs().isEmpty()).hasSize(1);
    }
}
