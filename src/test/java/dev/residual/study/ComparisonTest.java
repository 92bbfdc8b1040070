package dev.residual.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.residual.nn.LayerResponses.Response;
import dev.residual.report.Lines;
import dev.residual.run.RunConfig;
import dev.residual.run.RunDirectory;
import dev.residual.study.Row.Agreement;
import dev.residual.study.Study.Measure;
import dev.residual.study.Study.Published;
import dev.residual.study.Study.Variation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is made of runs: figures, words, tables, a chart and a page. */
class ComparisonTest {
    @TempDir
    Path folder;

    private Row row(Measure measure, double published, double... accuracies) {
        List<FoundRun> runs = new ArrayList<>();
        for (int seed = 1; seed <= accuracies.length; seed++) {
            Path path = folder.resolve("r" + published + measure + "-" + seed);
            runs.add(FoundRun.read(Samples.run(path, seed, accuracies[seed - 1])));
        }
        Variation variation = new Variation(
                "resnet20",
                "--architecture resnet20",
                "Is <this> a & b?",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(new Published(published, "table \"6\"")));
        RunConfig config =
                FoundRun.read(Samples.run(folder.resolve("any"), 1, 1)).config();
        return new Row(variation, Options.NONE, measure, Wanted.of(config), 64_000, runs);
    }

    private static Comparison comparison(Row row) {
        return new Comparison(
                new Study(
                        "Table <6>",
                        "Why & how?",
                        row.measure(),
                        "",
                        List.of(1L),
                        Optional.empty(),
                        false,
                        List.of(row.variation())),
                List.of(row));
    }

    @Test
    void meanAndSpreadAreOverTheSeeds() {
        Row row = row(Measure.ERROR, 8.75, 91.0, 92.0, 91.5);
        assertThat(row.mean()).isCloseTo(8.5, within(1e-9));
        assertThat(row.spread()).isCloseTo(0.5, within(1e-9)); // of a sample: n − 1
        assertThat(row.trainingMean()).isCloseTo(1, within(1e-9));
        assertThat(row.figure()).isEqualTo("8.50 ± 0.50");
        assertThat(row(Measure.ACCURACY, 90, 91.25).figure()).isEqualTo("91.25");
        assertThat(row(Measure.ACCURACY, 80).figure()).isEqualTo("–");
    }

    /** One seed may be off by 2 · 0.25 · √2 = 0.71 points, three by 0.58 unless they themselves differ by more. */
    @ParameterizedTest
    @CsvSource({
        "ERROR,    8.75, AGREES, 91.69, ,",
        "ERROR,    8.75, BETTER, 92.00, ,",
        "ERROR,    8.75, WORSE,  90.50, ,",
        "ACCURACY, 91.0, BETTER, 91.75, ,",
        "ACCURACY, 91.0, WORSE,  90.25, ,",
        "ACCURACY, 91.0, BETTER, 91.60, 91.60, 91.60",
        "ACCURACY, 91.0, AGREES, 90.60, 91.60, 92.60",
        "ACCURACY, 91.0, UNKNOWN, , ,"
    })
    void aPublishedFigureAgreesWithinWhatIsChance(
            Measure measure, double published, Agreement expected, Double a, Double b, Double c) {
        double[] accuracies = Stream.of(Optional.ofNullable(a), Optional.ofNullable(b), Optional.ofNullable(c))
                .flatMap(Optional::stream)
                .mapToDouble(Double::doubleValue)
                .toArray();
        Row row = row(measure, published, accuracies);
        assertThat(row.agreement()).as(row.verdict()).isEqualTo(expected);
    }

    @Test
    void aShortenedRunIsHeldAgainstNothing() {
        Path run = folder.resolve("short");
        Samples.run(run, 7_820, 87, c -> c.replace("64000", "7820").replace("32000, 48000", "3910, 5865"));
        Row full = row(Measure.ERROR, 8.75, 91.0);
        Row row = row(full, FoundRun.read(run));
        assertThat(row.agreement()).isEqualTo(Agreement.UNKNOWN);
        assertThat(row.verdict()).contains("7,820 iterations instead of 64,000").contains("13.00 %");
        Variation against = new Variation(
                "short", "", "", Optional.of("resnet20"), Optional.empty(), Optional.empty(), Optional.empty());
        Row other = new Row(against, Options.NONE, Measure.ERROR, full.wanted(), 64_000, List.of(FoundRun.read(run)));
        Comparison both = new Comparison(comparison(full).study(), List.of(full, other));
        assertThat(both.difference(other)).isEmpty();
    }

    private static Row row(Row like, FoundRun... runs) {
        return new Row(like.variation(), Options.NONE, like.measure(), like.wanted(), 64_000, List.of(runs));
    }

    @Test
    void aSeedThatDivergedIsSaid() throws IOException {
        Row full = row(Measure.ERROR, 8.75, 91.0);
        Path run = Samples.run(folder.resolve("diverged"), 1_000, 10, Samples.seed(2));
        Files.writeString(
                run.resolve("train.log"),
                "2026-01-31 12:00:00  failed: the loss is NaN at iteration 1000: training has diverged\n");
        Row both = row(full, full.runs().get(0), FoundRun.read(run));
        assertThat(both.verdict()).contains("with one seed").contains("1 of 2 seeds diverged");
        assertThat(comparison(both).summary()).contains("Diverged with one seed or more: resnet20");
    }

    /** Fine-tuned from one model, with two seeds; and a folder of other pictures. */
    @Test
    void runsThatBeganWithAModelAreCompared() {
        java.util.function.UnaryOperator<String> tuned =
                c -> c.replace("\"provenance\": {", "\"provenance\": {\"from\": \"resnet20\", ");
        FoundRun one = FoundRun.read(Samples.run(folder.resolve("tuned-1"), 64_000, 91, tuned));
        FoundRun two = FoundRun.read(Samples.run(
                folder.resolve("tuned-2"), 64_000, 92, c -> Samples.seed(2).apply(tuned.apply(c))));
        FoundRun fresh = FoundRun.read(Samples.run(folder.resolve("fresh"), 1, 90));
        List<Row> rows = Comparison.of(List.of(one, two, fresh)).rows();
        assertThat(rows).extracting(row -> row.runs().size()).containsExactly(2, 1);
        assertThat(rows.get(1).variation().answers()).contains("from – instead of resnet20");
    }

    @Test
    void foldersOfOtherPicturesAreOtherRuns() {
        java.util.function.UnaryOperator<String> pictures = c -> c.replace("\"cifar10\"", "\"folder\"");
        Path flowers = Samples.run(folder.resolve("flowers"), 64_000, 91, pictures);
        Path birds = Samples.run(
                folder.resolve("birds"), 64_000, 91, c -> pictures.apply(c).replaceAll("[0-9a-f]{60}", "0".repeat(60)));
        assertThat(Comparison.of(List.of(FoundRun.read(flowers), FoundRun.read(birds)))
                        .rows())
                .hasSize(2);
    }

    @Test
    void theFilesOfAComparison() throws Exception {
        Row row = row(Measure.ERROR, 8.75, 91.0, 91.4);
        List<Response> responses = List.of(new Response("conv1", 0.5), new Response("layer1.0.conv1", 0.75));
        new ComparisonReport(comparison(row), Map.of(row, responses)).write(folder.resolve("out"));

        Path out = folder.resolve("out");
        assertThat(Files.readString(out.resolve("table.csv")).lines().toList().get(1))
                .startsWith(
                        "resnet20,2,error,8.800,0.283,1.000,8.750,\"table \"\"6\"\"\",agrees,,,64000,269722,40551040,");
        assertThat(out.resolve("table.md")).content().contains("| resnet20 | 8.80 ± 0.28 | 2 | 8.75 |");
        assertThat(out.resolve("responses.csv")).content().contains("resnet20,layer1.0.conv1,0.75000");
        assertThat(ImageIO.read(out.resolve("curves.png").toFile()).getWidth()).isEqualTo(1600);
        String page = Files.readString(out.resolve("report.html"));
        assertThat(page)
                .contains("Why &amp; how?")
                .contains("Agrees with 8.75 %")
                .doesNotContain("<script");
        DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(out.resolve("report.html").toFile());
    }

    /** As of the study depth, whose plain networks are not trained yet. */
    @Test
    void aPanelWithoutACurveIsNotDrawn() {
        Row drawn = row(Measure.ERROR, 8.75, 91.0);
        Row missing = row(Measure.ERROR, 8.75);
        Variation other = new Variation(
                "plain20",
                "--architecture plain20",
                "?",
                Optional.empty(),
                Optional.of("plain"),
                Optional.empty(),
                Optional.empty());
        Row plain = new Row(other, Options.NONE, Measure.ERROR, missing.wanted(), missing.iterations(), List.of());
        assertThat(panels(plain, drawn)).containsExactly("");
        assertThat(panels(plain)).containsExactly("");
    }

    private static List<String> panels(Row... rows) {
        Comparison comparison = new Comparison(comparison(rows[0]).study(), List.of(rows));
        return ComparisonChart.curves(comparison).panels().stream()
                .map(Lines.PanelOf::title)
                .toList();
    }

    @Test
    void theTerminalsTableHas80Columns() {
        assertThat(new ComparisonTable(comparison(row(Measure.ERROR, 8.75, 91.0, 92.0, 91.5))).lines())
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80))
                .anySatisfy(line -> assertThat(line).contains("8.50 ± 0.50 (3)", "8.75", "64,000", "0.27M", "3:20 h"));
    }

    /** The longest name that there is, cut as its figures need it. */
    @Test
    void theTerminalsTableIsAlignedWhateverTheFiguresAre() {
        Row narrow = row(Measure.ACCURACY, 91, 91.2);
        Row named = row(Measure.ACCURACY, 92, 91.0, 91.45, 91.3);
        Variation variation = new Variation(
                "abcdefghijklmnopqrstuvwx",
                "",
                "",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        Row wide = new Row(variation, Options.NONE, Measure.ACCURACY, named.wanted(), 64_000, named.runs());
        Row wider = row(Measure.ACCURACY, 93, 100, 80, 90);
        Path lengthened = Samples.run(folder.resolve("long"), 1, 1, c -> c.replace("64000", "64000000"));
        Wanted wanted = Wanted.of(FoundRun.read(lengthened).config());
        Row longer = new Row(variation, Options.NONE, Measure.ACCURACY, wanted, 64_000, List.of());
        assertThat(lines(narrow, wide, wider))
                .allSatisfy(line -> assertThat(line).hasSize(79))
                .anySatisfy(line -> assertThat(line).startsWith("abcdefghijklmnopqrstuvwx  91.25 ± 0.23 (3) "))
                .anySatisfy(line -> assertThat(line).contains(" 90.00 ± 10.00 (3) "));
        assertThat(lines(wider, longer))
                .allSatisfy(line -> assertThat(line).hasSize(80))
                .anySatisfy(line ->
                        assertThat(line).startsWith("abcdefghijklmnopqrst… ").contains(" 64,000,000 "));
    }

    private static List<String> lines(Row... rows) {
        return new ComparisonTable(new Comparison(comparison(rows[0]).study(), List.of(rows))).lines();
    }

    /** Runs that differ in their seed only are one row; the others say what they have instead. */
    @Test
    void anyRunsAreCompared() {
        Path plain = folder.resolve("plain-1");
        Samples.run(plain, 64_000, 88, c -> c.replace("\"A\"", "\"none\""));
        Comparison comparison = Comparison.of(List.of(
                FoundRun.read(Samples.run(folder.resolve("net-1"), 1, 91)),
                FoundRun.read(Samples.run(folder.resolve("net-2"), 2, 92)),
                FoundRun.read(plain)));
        assertThat(comparison.rows()).extracting(Row::name).containsExactly("net", "plain-1");
        assertThat(comparison.rows().get(1).variation().answers()).contains("network.shortcut none instead of A");
        assertThat(comparison.verdict(comparison.rows().get(1))).contains("−3.50 points against net");
    }

    /** Of the two runs of seed 1 the finished one counts. */
    @Test
    void aCopyOfARunIsNoOtherSeed() {
        Comparison comparison = Comparison.of(List.of(
                FoundRun.read(Samples.run(folder.resolve("begun-1"), 30_000, 80, c -> c)),
                FoundRun.read(Samples.run(folder.resolve("net-2"), 2, 92)),
                FoundRun.read(Samples.run(folder.resolve("net-1"), 1, 91)),
                FoundRun.read(Samples.run(folder.resolve("copy-1"), 1, 91))));
        assertThat(comparison.rows()).hasSize(1);
        assertThat(comparison.rows().get(0).name()).isEqualTo("net");
        assertThat(comparison.rows().get(0).runs()).extracting(FoundRun::name).containsExactly("net-1", "net-2");
        assertThat(comparison.study().title()).isEqualTo("2 runs compared");
    }

    @Test
    void responsesAreReadAsTheyWereWritten() {
        RunDirectory run = new RunDirectory(Samples.run(folder.resolve("run"), 1, 91));
        assertThat(Responses.read(run)).isEmpty();
        List<Response> responses = List.of(new Response("conv1", 0.5), new Response("layer1.0.conv1", 0.75));
        Responses.write(run, responses);
        assertThat(Responses.read(run)).contains(responses);
    }

    @Test
    void aRunThatDivergedIsSaidToHave() throws IOException {
        Path run = Samples.run(folder.resolve("bad-1"), 400, 10, c -> c);
        Files.writeString(
                run.resolve("train.log"),
                "2026-11-27 06:09:33  failed: the loss is NaN at iteration 407: training has diverged\n");
        Row row = Comparison.of(List.of(FoundRun.read(run))).rows().get(0);
        assertThat(row.figure()).isEqualTo("diverged");
        assertThat(row.verdict()).isEqualTo("Seed 1: diverged at iteration 407.");
    }
}
