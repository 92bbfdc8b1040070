package dev.residual.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsFileTest {
    private static final Metrics UNTRAINED =
            new Metrics(0, 0, 0.1, Score.NONE, new Score(2.5, 10), Score.NONE, new Metrics.Time(0, Double.NaN));
    private static final Metrics FIRST = new Metrics(
            1,
            391,
            0.1 * 0.1,
            new Score(1.234567, 54.321),
            new Score(1.1, 60.25),
            new Score(1.5, 44.4),
            new Metrics.Time(55.5, 901.2));

    @TempDir
    Path folder;

    private MetricsFile file;

    @BeforeEach
    void file() {
        file = new MetricsFile(folder.resolve("metrics.csv"));
    }

    @Test
    void itHasTheColumnsOfTheContract() throws IOException {
        file.write(List.of(UNTRAINED, FIRST));
        assertThat(Files.readAllLines(file.path()))
                .containsExactly(
                        "epoch,iteration,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy,seconds,"
                                + "images_per_second,validation_loss,validation_accuracy",
                        "0,0,0.1,,,2.500000,10.000,0.00,,,",
                        "1,391,0.01,1.234567,54.321,1.100000,60.250,55.50,901.2,1.500000,44.400");
    }

    @Test
    void whatIsWrittenIsReadBack() {
        file.write(List.of(UNTRAINED, FIRST));
        List<Metrics> read = file.read();
        assertThat(read).hasSize(2);
        assertThat(read.get(0)).isEqualTo(UNTRAINED);
        assertThat(read.get(1).train().loss()).isEqualTo(1.234567);
        assertThat(read.get(1).learningRate()).isEqualTo(0.01);
    }

    @Test
    void noFileIsNoRowsAndNoRowsAreAHeader() {
        assertThat(file.read()).isEmpty();
        file.write(List.of());
        assertThat(file.read()).isEmpty();
    }

    @Test
    void otherFilesAreRefusedWithTheLine() throws IOException {
        file.write(List.of(UNTRAINED));
        Files.writeString(file.path(), Files.readString(file.path()) + "1,2,three\n");
        assertThatThrownBy(file::read).isInstanceOf(ResidualException.class).hasMessageContaining("line 3");
        Files.writeString(file.path(), "a,b\n");
        assertThatThrownBy(file::read).isInstanceOf(ResidualException.class).hasMessageContaining("line 1");
        Files.write(file.path(), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThatThrownBy(file::read).isInstanceOf(ResidualException.class);
    }
}
