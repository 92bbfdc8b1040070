package dev.residual.cli;

import static dev.residual.cli.Result.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.data.Folder;
import dev.residual.data.PictureFolders;
import dev.residual.model.Model;
import dev.residual.nn.LayerResponses.Response;
import dev.residual.run.RunDirectory;
import dev.residual.study.Responses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on a person's own pictures, of two sizes, compared by a study. */
class FolderStudyTest {
    private static final String FILE = """
            {"title": "Sizes", "question": "?", "measure": "accuracy", "seeds": [1], "iterations": 2, "responses": true,
             "options": "--dataset folder --architecture resnet8 --widths 16,16,16 --batch-size 8 --precision fp32",
             "variations": [{"name": "small", "options": "", "answers": "?"},
                            {"name": "large", "options": "--image-size 48", "answers": "?"}]}
            """;

    @TempDir
    static Path folder;

    private static Path study;
    private static Path flowers;
    private static Path runs;

    @BeforeAll
    static void train() throws IOException {
        study = Files.writeString(folder.resolve("sizes.json"), FILE);
        flowers = pictures("flowers", 0x40);
        runs = folder.resolve("runs");
        train("small", 32);
        train("large", 48);
    }

    private static Path pictures(String name, int colour) throws IOException {
        Path pictures = folder.resolve(name);
        for (int i = 0; i < 30; i++) {
            PictureFolders.write(
                    pictures, "c" + i % 3 + "/" + i + ".png", PictureFolders.picture(colour << 8 * (i % 3), i));
        }
        return pictures;
    }

    private static void train(String name, int size) {
        Result trained = run(
                "train",
                "--dataset",
                "folder",
                "--data",
                flowers,
                "--image-size",
                size,
                "--architecture",
                "resnet8",
                "--widths",
                "16,16,16",
                "--batch-size",
                8,
                "--precision",
                "fp32",
                "--iterations",
                2,
                "--threads",
                1,
                "--output",
                runs.resolve(name));
        assertThat(trained.code()).as(trained.err()).isZero();
    }

    private static Path compare(String name, Object... options) {
        Path out = folder.resolve(name);
        Object[] all = Stream.concat(
                        Stream.of("study", study, "--from", runs, "--threads", 1, "--output", out), Stream.of(options))
                .toArray();
        Result compared = run(all);
        assertThat(compared.code()).as(compared.err()).isZero();
        return out;
    }

    @Test
    void responsesAreToImagesOfEachNetworksSize() throws IOException {
        assertThat(compare("responses", "--data", flowers).resolve("responses.csv"))
                .content()
                .isEqualTo("variation,layer,standard_deviation\n" + responses("small", 32) + responses("large", 48));
    }

    private static List<String> finishedRuns(Path compared) throws IOException {
        return Files.readAllLines(compared.resolve("table.csv")).stream()
                .skip(1)
                .map(line -> line.replaceFirst(",accuracy.*", ""))
                .toList();
    }

    @Test
    void runsOnOtherPicturesAreNotCompared() throws IOException {
        assertThat(finishedRuns(compare("same", "--data", pictures("the same", 0x40))))
                .containsExactly("small,1", "large,1");
        assertThat(finishedRuns(compare("birds", "--data", pictures("birds", 0x80))))
                .containsExactly("small,0", "large,0");
        assertThat(finishedRuns(compare("divided", "--data", flowers, "--test-fraction", 0.4)))
                .containsExactly("small,0", "large,0");
    }

    @Test
    void runsOnOtherPicturesAreNotTheStudys() throws IOException {
        Path out = folder.resolve("study");
        Path same = pictures("on this machine", 0x40);
        Path others = pictures("others", 0x80);
        Path small = runs.resolve("small");
        String difference = "pictures in " + flowers + " instead of " + others;
        Result refused = run("study", study, "--data", others, "--output", out, "--adopt", small);
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("small-1 is nearest, but it has " + difference);

        Result taken = run("study", study, "--data", same, "--output", out, "--adopt", small, runs.resolve("large"));
        assertThat(taken.code()).as(taken.err()).isZero();
        assertThat(finishedRuns(out)).containsExactly("small,1", "large,1");

        Result mixed = run("study", study, "--data", others, "--output", out);
        assertThat(mixed.code()).isEqualTo(1);
        assertThat(mixed.err()).contains("small-1 holds a run of another configuration (" + difference + ")");
    }

    private static String responses(String name, int size) {
        Model model = Model.load(new RunDirectory(runs.resolve(name)).model());
        Folder pictures = new Folder(flowers, size, OptionalDouble.empty(), false);
        return Responses.measure(model, pictures.load(Folder.Listener.NONE).test()).stream()
                .map((Response r) -> "%s,%s,%.5f\n".formatted(name, r.layer(), r.deviation()))
                .collect(Collectors.joining());
    }
}
