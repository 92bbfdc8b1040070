package dev.residual.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;

/** Pieces of markup that is at the same time HTML5 and well-formed XML. */
public final class Html {
    /** Pixels that a chart needs the whole width of the page from. */
    private static final int WIDE = 800;

    private Html() {}

    /** A whole page; {@code body} is markup. */
    public static String page(String title, String body) {
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <title>%s</title>
                <style>
                %s</style>
                </head>
                <body>
                <main>
                %s</main>
                </body>
                </html>
                """.formatted(escape(title), style(), body);
    }

    private static String style() {
        try (InputStream css = Html.class.getResourceAsStream("style.css")) {
            return new String(css.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A chart as part of the page; title and caption are plain text. */
    public static String chart(Chart chart, String alternative, String caption) {
        return """
                <figure class="curves%s">
                <div class="scroll">
                <img alt="%s" src="data:image/svg+xml;base64,%s"/>
                </div>
                <figcaption>%s</figcaption>
                </figure>
                """.formatted(
                        chart.width() > WIDE ? " wide" : "",
                        escape(alternative),
                        Base64.getEncoder().encodeToString(chart.svg()),
                        escape(caption));
    }

    /** For text and for attributes in double quotes. Characters that XML forbids become U+FFFD. */
    public static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(isXml(c) ? c : 0xFFFD);
            }
        });
        return escaped.toString();
    }

    /** The production Char of XML 1.0, section 2.2. */
    private static boolean isXml(int c) {
        return c == '\t'
                || c == '\n'
                || c == '\r'
                || c >= 0x20 && c <= 0xD7FF
                || c >= 0xE000 && c <= 0xFFFD
                || c >= 0x10000;
    }

    /** A section with a heading; {@code body} is markup. */
    public static String section(String heading, String body) {
        return """
                <section>
                <h2>%s</h2>
                %s
                </section>
                """.formatted(escape(heading), body.strip());
    }

    static String sentence(String text) {
        return "<p class=\"absent\">" + escape(text) + "</p>";
    }

    /** Names and values, both plain text. */
    static String table(String caption, Map<String, String> rows) {
        StringBuilder body = new StringBuilder();
        rows.forEach((name, value) -> body.append("<tr><th scope=\"row\">")
                .append(escape(name))
                .append("</th><td>")
                .append(escape(value))
                .append("</td></tr>\n"));
        return """
                <table class="pairs">
                <caption>%s</caption>
                <tbody>
                %s</tbody>
                </table>
                """.formatted(escape(caption), body);
    }

    /** With a fixed number of decimals, or a dash for what is not a number. */
    static String decimal(double value, int decimals) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%,." + decimals + "f", value) : "–";
    }

    public static String count(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    static String percent(double value, int decimals) {
        return decimal(value, decimals) + (Double.isFinite(value) ? "\u00a0%" : "");
    }
}
