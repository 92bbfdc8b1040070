package dev.residual;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.predict.TinyModel;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
    /** The Java program in README.md, as it stands there: compiled, and run on a model and an image. */
    @Test
    void theProgramInTheReadmeWorks(@TempDir Path folder) throws Exception {
        Matcher block = Pattern.compile("```java\n(.*?public class (\\w+).*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("README.md")));
        assertThat(block.find()).isTrue();
        Path source = Files.writeString(folder.resolve(block.group(2) + ".java"), block.group(1));
        int code = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-cp", System.getProperty("java.class.path"), source.toString());
        assertThat(code).isZero();

        Path model = folder.resolve("model.safetensors");
        TinyModel.of(1).save(model);
        Path photo = folder.resolve("photo.png");
        ImageIO.write(new BufferedImage(50, 40, BufferedImage.TYPE_INT_RGB), "png", photo.toFile());
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream out = System.out;
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass(block.group(2)).getMethod("main", String[].class).invoke(null, (Object)
                    new String[] {model.toString(), photo.toString()});
        } finally {
            System.setOut(out);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .hasSize(4)
                .allMatch(line -> line.matches(" *\\d+\\.\\d %  class \\d"));
    }
}
