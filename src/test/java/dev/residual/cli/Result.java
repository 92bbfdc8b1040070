package dev.residual.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What a command printed, and its exit code. */
record Result(int code, String out, String err) {
    static Result run(Object... args) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
        ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
            int code = Main.run(Arrays.stream(args).map(Object::toString).toArray(String[]::new));
            return new Result(
                    code, outBytes.toString(StandardCharsets.UTF_8), errBytes.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    /** One sentence on standard error, without a stack trace. */
    static void assertRefused(Result result, int code, String sentence) {
        assertThat(result.code).as(result.err).isEqualTo(code);
        assertThat(result.err).contains(sentence).doesNotContain("\tat ");
        assertThat(result.out).isEmpty();
    }
}
