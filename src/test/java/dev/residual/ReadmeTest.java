package dev.residual;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.predict.TinyModel;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the documents say: the Java programs in them are compiled and run as they stand there, links lead somewhere. */
class ReadmeTest {
    private static final Pattern LINK = Pattern.compile("]\\((?!https?:)([^)#]+)[^)]*\\)");

    @TempDir
    Path folder;

    private List<String> run(String program, String... args) throws Exception {
        return run(Path.of("README.md"), program, args);
    }

    private List<String> run(Path document, String program, String... args) throws Exception {
        Matcher block = Pattern.compile("```java\n((?:(?!```).)*?public class " + program + " .*?)```", Pattern.DOTALL)
                .matcher(Files.readString(document));
        assertThat(block.find()).as(program).isTrue();
        Path source = Files.writeString(folder.resolve(program + ".java"), block.group(1));
        int code = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-cp", System.getProperty("java.class.path"), source.toString());
        assertThat(code).isZero();
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream out = System.out;
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass(program).getMethod("main", String[].class).invoke(null, (Object) args);
        } finally {
            System.setOut(out);
        }
        return printed.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private String photo() throws IOException {
        Path photo = folder.resolve("photo.png");
        ImageIO.write(new BufferedImage(50, 40, BufferedImage.TYPE_INT_RGB), "png", photo.toFile());
        return photo.toString();
    }

    @Test
    void aPictureIsClassified() throws Exception {
        Path model = folder.resolve("model.safetensors");
        TinyModel.of(1).save(model);
        assertThat(run("WhatIsIt", model.toString(), photo()))
                .hasSize(4)
                .allMatch(line -> line.matches(" *\\d+\\.\\d %  class \\d"));
    }

    @Test
    void aNetworkIsTrainedEvaluatedSavedAndUsed() throws Exception {
        Path model = folder.resolve("shapes.safetensors");
        List<String> printed = run("TrainAndUse", "3", model.toString(), photo());
        assertThat(printed).hasSize(4);
        assertThat(printed.subList(0, 2)).allMatch(line -> line.matches("epoch [01]: \\d+\\.\\d\\d %"));
        assertThat(printed.get(2)).matches("\\d+ of 2000 test images");
        assertThat(printed.get(3)).matches("[a-z ]+");
        assertThat(model).isNotEmptyFile();
    }

    @Test
    void ownPicturesAreTrainedOn() throws Exception {
        for (String name : List.of("cat", "dog")) {
            Path pictures = Files.createDirectories(folder.resolve("pictures").resolve(name));
            for (int i = 0; i < 5; i++) { // the fifth is tested on
                Files.copy(Path.of(photo()), pictures.resolve(i + ".png"));
            }
        }
        Path model = folder.resolve("pictures.safetensors");
        List<String> printed = run(
                Path.of("docs/data.md"),
                "TrainOnPictures",
                folder.resolve("pictures").toString(),
                "1",
                model.toString());
        assertThat(printed).singleElement().asString().matches("\\d+\\.\\d+ % of the test images");
        assertThat(model).isNotEmptyFile();
    }

    static Stream<Path> documents() throws IOException {
        try (Stream<Path> docs = Files.list(Path.of("docs"))) {
            return Stream.concat(Stream.of("README.md", "CONTRIBUTING.md").map(Path::of), docs.toList().stream())
                    .filter(file -> file.toString().endsWith(".md"));
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void linksLeadToFilesThatAreThere(Path document) throws IOException {
        LINK.matcher(Files.readString(document))
                .results()
                .map(link -> document.resolveSibling(link.group(1)))
                .forEach(file -> assertThat(file).exists());
    }
}
