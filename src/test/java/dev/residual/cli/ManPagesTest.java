package dev.residual.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManPagesTest {
    @TempDir
    Path folder;

    @Test
    void everyCommandHasAPageWithItsOptions() throws IOException {
        ManPages.main(new String[] {folder.toString()});
        for (String command : Main.parser().getSubcommands().keySet()) {
            assertThat(folder.resolve("residual-" + command + ".adoc")).exists();
        }
        assertThat(folder.resolve("residual.adoc")).content().contains("residual-train");
        assertThat(folder.resolve("residual-train.adoc"))
                .content()
                .contains("doctype: manpage", "--weight-decay", "--stochastic-depth");
    }
}
