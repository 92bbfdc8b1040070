package dev.residual.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.nn.Architecture;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;

class NetworkDrawingTest {
    /** A box for the image, each layer on the way to the logits, the pooling and the background; an arc for each shortcut. */
    @ParameterizedTest
    @CsvSource({"resnet20, 9, 2", "plain20, 0, 0", "resnet18, 8, 3", "article20, 9, 0", "resnet164, 54, 3"})
    void eachLayerIsABoxAndEachShortcutAnArc(String name, int shortcuts, int dotted) throws Exception {
        Architecture a = Architecture.of(name);
        byte[] svg = NetworkDrawing.svg(a.graph(), name).getBytes(StandardCharsets.UTF_8);
        Document document =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(svg));
        int pools = name.startsWith("article") ? 2 : 0;
        assertThat(document.getElementsByTagName("rect").getLength()).isEqualTo(a.depth() + pools + 3);
        String text = new String(svg, StandardCharsets.UTF_8);
        assertThat(text.split(" C| d=\"M[^\"]*C", -1)).hasSize(shortcuts + 1);
        assertThat(text.split("stroke-dasharray", -1)).hasSize(dotted + 1);
    }
}
