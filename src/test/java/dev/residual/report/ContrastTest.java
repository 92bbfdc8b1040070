package dev.residual.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** WCAG 2's contrast of the confusion matrix's figures with what is behind them, in both themes: at least 4.5:1. */
class ContrastTest {
    @Test
    void figuresAreLegibleOnEveryShade() throws IOException {
        try (InputStream in = ContrastTest.class.getResourceAsStream("style.css")) {
            String css = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            double most = Double.parseDouble(find(css, "--most: ([\\d.]+)"));
            for (String theme : new String[] {css, css.substring(css.indexOf("prefers-color-scheme: dark"))}) {
                double[] paper = hex(find(theme, "--paper: #(\\w+)"));
                double[] ink = hex(find(theme, "--ink: #(\\w+)"));
                assertThat(contrast(hex(find(theme, "--faint: #(\\w+)")), paper))
                        .isGreaterThan(4.5); // a zero
                for (String kind : new String[] {"right", "wrong"}) {
                    double[] colour = Arrays.stream(
                                    find(theme, "--" + kind + ": ([\\d ]+)").split(" "))
                            .mapToDouble(Double::parseDouble)
                            .toArray();
                    for (int shade = 0; shade <= 100; shade++) {
                        double[] behind = new double[3];
                        for (int c = 0; c < 3; c++) {
                            behind[c] = paper[c] + shade / 100.0 * most * (colour[c] - paper[c]);
                        }
                        assertThat(contrast(ink, behind)).as(kind + " " + shade).isGreaterThan(4.5);
                    }
                }
            }
        }
    }

    private static String find(String css, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(css);
        assertThat(matcher.find()).as(pattern).isTrue();
        return matcher.group(1);
    }

    private static double[] hex(String digits) {
        String six = digits.length() == 3 ? digits.replaceAll("(.)", "$1$1") : digits;
        int rgb = Integer.parseInt(six, 16);
        return new double[] {rgb >> 16, rgb >> 8 & 255, rgb & 255};
    }

    private static double contrast(double[] one, double[] other) {
        double a = luminance(one);
        double b = luminance(other);
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }

    private static double luminance(double[] rgb) {
        double[] linear = Arrays.stream(rgb)
                .map(v -> v / 255 <= 0.04045 ? v / 255 / 12.92 : Math.pow((v / 255 + 0.055) / 1.055, 2.4))
                .toArray();
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    }
}
