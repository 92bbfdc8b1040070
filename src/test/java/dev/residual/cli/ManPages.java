package dev.residual.cli;

import java.io.File;
import java.io.IOException;
import picocli.CommandLine;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/** Writes a man page in AsciiDoc for each command; {@code mvn -Pman package} makes roff of them. */
public final class ManPages {
    private ManPages() {}

    /** @param args the directory to write into */
    public static void main(String[] args) throws IOException {
        String[] names = Main.parser().getSubcommands().keySet().toArray(String[]::new);
        CommandLine all = Main.parser(names);
        ManPageGenerator.generateManPage(new File(args[0]), null, new boolean[0], true, all.getCommandSpec());
    }
}
