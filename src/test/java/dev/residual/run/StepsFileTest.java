package dev.residual.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.run.StepsFile.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StepsFileTest {
    @TempDir
    Path folder;

    private StepsFile file() {
        return new StepsFile(folder.resolve("steps.csv"));
    }

    @Test
    void keepsTheRowsUpToACheckpoint() {
        StepsFile file = file();
        assertThat(file.keep(0)).isZero();
        for (int i = 1; i <= 5; i++) {
            file.add(new Step(i, 0.1, 2.5 / i));
        }
        assertThat(file.keep(3)).isZero();
        assertThat(file.path())
                .hasContent("iteration,learning_rate,loss\n1,0.1,2.5\n2,0.1,1.25\n3,0.1," + 2.5 / 3 + "\n");
        assertThat(file.read())
                .containsExactly(new Step(1, 0.1, 2.5), new Step(2, 0.1, 1.25), new Step(3, 0.1, 2.5 / 3));
    }

    /** After a power cut the file may end anywhere, or in zeros; the run must go on all the same. */
    @Test
    void goesOnWhenRowsAreLost() throws IOException {
        StepsFile file = file();
        Files.writeString(file.path(), "iteration,learning_rate,loss\n1,0.1,2.5\n2,0.1,1.25\n3,0.1,.-E\n4,0.");
        assertThat(file.keep(500)).isEqualTo(498);
        file.add(new Step(501, 0.1, 1));
        assertThat(file.path()).hasContent("iteration,learning_rate,loss\n1,0.1,2.5\n2,0.1,1.25\n501,0.1,1.0\n");
        Files.write(file.path(), new byte[] {0, 0, -1, '\n', 0});
        assertThat(file.keep(2)).isEqualTo(2);
        Files.delete(file.path());
        assertThat(file.keep(2)).isEqualTo(2);
    }
}
