package dev.residual.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.data.ImageSet;
import dev.residual.evaluate.Evaluation;
import dev.residual.recipe.Schedule.Change;
import dev.residual.run.Metrics;
import dev.residual.run.Score;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class HtmlReportTest {
    private static final String[] SECTIONS = {
        "Learning curves",
        "Confusion matrix",
        "Recall by class",
        "Most confident mistakes",
        "Filters of the first convolution",
        "Configuration",
        "Provenance"
    };

    @TempDir
    Path folder;

    @Test
    void hasEverySection() throws Exception {
        Document page = parse(write(run(Samples.metrics(5), Samples.evaluation(90), Samples.images(90))));

        assertThat(texts(page, "h2")).containsExactly(SECTIONS);
        assertThat(texts(page, "dd")).contains("80.83 %", "0.4000", "0.4600", "500", "5:00 min", "1,500", "269,722");
        assertThat(texts(page, "p")).noneMatch(p -> p.contains("not available"));
        // The curves, 24 of the 30 mistakes, the filters.
        assertThat(page.getElementsByTagName("img").getLength()).isEqualTo(1 + 24 + 16);
    }

    @Test
    void theConfusionMatrixCountsGivenByPredicted() throws Exception {
        Document page = parse(write(run(Samples.metrics(5), Samples.evaluation(90), Samples.images(90))));
        NodeList rows = ((Element) page.getElementsByTagName("tbody").item(0)).getElementsByTagName("tr");

        assertThat(texts((Element) rows.item(0), "td")).containsExactly("20", "10", "0");
        assertThat(texts((Element) rows.item(2), "td")).containsExactly("10", "0", "20");
    }

    @Test
    void leavesOutWhatIsAbsent() throws Exception {
        RunReport bare = new RunReport(
                "",
                new Curves("run", List.of(), List.of(), Curves.Look.ITERATIONS),
                1,
                Optional.empty(),
                Optional.empty(),
                new RunReport.Tables(Map.of(), Map.of()));
        Document page = parse(write(bare));

        assertThat(texts(page, "h2"))
                .containsExactly("Learning curves", "Filters of the first convolution", "Configuration", "Provenance");
        assertThat(texts(page, "p")).containsExactly("Weights not available.");
    }

    @Test
    void rowsThatAreNotNumbersBecomeDashes() throws Exception {
        double nan = Double.NaN;
        Metrics row = new Metrics(0, 0, nan, Score.NONE, Score.NONE, Score.NONE, new Metrics.Time(nan, nan));
        Document page = parse(write(run(List.of(row), Samples.evaluation(90), Samples.images(90))));

        assertThat(texts(page, "dd")).containsExactly("–", "–", "–", "0", "–", "–", "269,722");
    }

    @Test
    void aClassWithoutImagesHasNoAccuracy() throws Exception {
        Evaluation two = new Evaluation(new int[] {0, 1}, new int[] {0, 2}, new float[] {1, 1}, 0.1, 3);
        String page = write(run(Samples.metrics(1), two, Samples.images(2)));

        assertThat(texts((Element) parse(page).getElementsByTagName("tbody").item(1), "tr"))
                .containsExactly("circle100.0 %", "square0.0 %", "star–");
    }

    @Test
    void loadsNothingAndRunsNothing() throws Exception {
        String page = write(run(Samples.metrics(5), Samples.evaluation(90), Samples.images(90)));

        assertThat(page.replaceAll("base64,[^\"]+", "")).doesNotContain("http", "<script", "<link", "@import", "url(");
        NodeList images = parse(page).getElementsByTagName("img");
        for (int i = 0; i < images.getLength(); i++) {
            assertThat(((Element) images.item(i)).getAttribute("src")).startsWith("data:image/");
            assertThat(((Element) images.item(i)).getAttribute("alt")).isNotBlank();
        }
    }

    @Test
    void textFromOutsideStaysText() throws Exception {
        String evil = "</td><script>alert(\"1\")</script>' onload='x' &amp; %s \u0000\u001b\ud800";
        RunReport run = new RunReport(
                evil,
                new Curves(evil, Samples.metrics(2), List.of(), Curves.Look.ARTICLE),
                1,
                Optional.of(new RunReport.Test(List.of(evil, "b", "c"), Samples.evaluation(90), Samples.images(90))),
                Optional.of(Samples.filters()),
                new RunReport.Tables(Map.of(evil, evil), Map.of(evil, evil)));
        String page = write(run);
        String shown = evil.replaceAll("[\u0000\u001b\ud800]", "\ufffd");

        assertThat(page).doesNotContain("<script");
        assertThat(texts(parse(page), "h1")).containsExactly(shown);
        assertThat(texts(parse(page), "td")).contains(shown);
        assertThat(texts(parse(page), "th")).contains(shown);
        assertThat(texts(parse(page), "b")).contains(shown);
    }

    @Test
    void aPerfectRunHasNoMistakes() throws Exception {
        int[] labels = {0, 1, 2};
        Evaluation perfect = new Evaluation(labels, labels, new float[] {1, 1, 1}, 0, 3);
        Document page = parse(write(run(Samples.metrics(1), perfect, Samples.images(3))));

        assertThat(texts(page, "p")).containsExactly("Every test image is classified correctly.");
    }

    /** A page of 10,000 classes would have a hundred million cells. */
    @Test
    void theMatrixOfVeryManyClassesIsNotDrawn() throws Exception {
        List<String> classes =
                IntStream.range(0, 201).mapToObj(c -> "class " + c).toList();
        int[] labels = {0, 1, 200};
        Evaluation evaluation = new Evaluation(labels, labels, new float[] {1, 1, 1}, 0, 201);
        RunReport.Test test = new RunReport.Test(classes, evaluation, Samples.images(3));
        assertThat(new TestSections(test).all())
                .contains("For 201 classes the matrix is not drawn")
                .contains("class 200")
                .doesNotContain("confusion\"");
    }

    private RunReport run(List<Metrics> metrics, Evaluation evaluation, ImageSet test) {
        return new RunReport(
                "",
                new Curves("run", metrics, List.of(new Change(250, 0.01)), Curves.Look.ITERATIONS),
                269_722,
                Optional.of(new RunReport.Test(Samples.CLASSES, evaluation, test)),
                Optional.of(Samples.filters()),
                new RunReport.Tables(Map.of("depth", "20"), Map.of("Java", "17")));
    }

    private String write(RunReport run) throws IOException {
        Path file = folder.resolve("report.html");
        HtmlReport.write(run, file);
        return Files.readString(file);
    }

    /** Fails unless the page is well-formed. */
    private static Document parse(String page) throws Exception {
        Path file = Files.createTempFile("page", ".xml");
        try {
            Files.writeString(file, page);
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
        } finally {
            Files.delete(file);
        }
    }

    private static List<String> texts(Document page, String tag) {
        return texts(page.getDocumentElement(), tag);
    }

    /** The text of each element, with plain spaces. */
    private static List<String> texts(Element within, String tag) {
        NodeList nodes = within.getElementsByTagName(tag);
        return IntStream.range(0, nodes.getLength())
                .mapToObj(i -> nodes.item(i).getTextContent().replace('\u00a0', ' '))
                .toList();
    }
}
